"""How the values of a series are to be read, when a series ended, and what senders say of a metric by its name."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.sql import run_sql_file

PUBLISH = "SELECT publish_view('readable', 'metric_series', rows_of_tenant(), fleet_readers())"
UNPUBLISH = "DROP VIEW readable.metric_series"


class Migration(migrations.Migration):
    """The view of series is away while columns change."""

    dependencies = [("accounts", "0006_rows"), ("metrics", "0003_rows")]
    operations = [
        migrations.RunSQL(UNPUBLISH, PUBLISH),
        migrations.AddField("metricseries", "kind", models.CharField(blank=True, db_default="", max_length=10)),
        migrations.AddField("metricseries", "stale_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex("metricseries", models.Index(fields=["metric_type", "id"], name="metric_series_by_name")),
        migrations.CreateModel(
            name="MetricFamily",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant", "metric_type", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("metric_type", models.CharField(max_length=100)),
                ("kind", models.CharField(blank=True, db_default="", max_length=10)),
                ("unit", models.CharField(blank=True, db_default="", max_length=50)),
                ("help", models.CharField(blank=True, db_default="", max_length=1000)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={"db_table": "metric_families", "verbose_name_plural": "metric families"},
        ),
        run_sql_file(__file__, "0004_series_kinds"),
        migrations.RunSQL(PUBLISH, UNPUBLISH),
    ]
