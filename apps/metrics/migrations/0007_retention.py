"""How long each table of time series is kept, where an ADMIN can change it."""

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.core.sql import run_sql_file

# What an installation has set in its environment until now becomes the first value.
FIRST = (
    ("usage_metrics", "raw_retention_days", 365, 7),
    ("usage_hourly", "", 1095, None),
    ("usage_daily", "", 3650, None),
    ("usage_sketches", "", 90, None),
    ("metric_samples", "sample_retention_days", 90, 7),
    ("metric_hourly", "", 730, None),
    ("process_snapshots", "process_retention_days", 30, 7),
    ("node_heartbeats", "heartbeat_retention_days", 30, 7),
    ("ingest_trust", "", 90, None),
)


def seed(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put one row in for every table, within the bounds."""
    policies = apps.get_model("metrics", "RetentionPolicy").objects.using(editor.connection.alias)
    for table, variable, usual, compress_after in FIRST:
        days = min(3650, max(8, int(getattr(settings.OMEGA, variable, usual))))
        soon = compress_after if compress_after and compress_after < days else None
        policies.create(table_name=table, keep_days=days, compress_after_days=soon)


class Migration(migrations.Migration):
    """The table with its first values, then `sql/0007_retention.sql`."""

    dependencies = [("metrics", "0006_seed_views")]
    operations = [
        migrations.CreateModel(
            name="RetentionPolicy",
            fields=[
                (
                    "table_name",
                    models.CharField(
                        choices=[
                            ("usage_metrics", "Vitals, every sample"),
                            ("usage_hourly", "Vitals by the hour"),
                            ("usage_daily", "Vitals by the day"),
                            ("usage_sketches", "Percentiles of vitals, hour by hour"),
                            ("metric_samples", "Metrics of any name, every sample"),
                            ("metric_hourly", "Metrics of any name by the hour"),
                            ("process_snapshots", "Processes"),
                            ("node_heartbeats", "Heartbeats"),
                            ("ingest_trust", "What agents sent, counted by the day"),
                        ],
                        max_length=63,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("keep_days", models.PositiveIntegerField()),
                ("compress_after_days", models.PositiveIntegerField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(db_default=models.functions.Now())),
                ("updated_by", models.UUIDField(blank=True, null=True)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "retention policies",
                "db_table": "retention_policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "table_name__in",
                                [
                                    "usage_metrics",
                                    "usage_hourly",
                                    "usage_daily",
                                    "usage_sketches",
                                    "metric_samples",
                                    "metric_hourly",
                                    "process_snapshots",
                                    "node_heartbeats",
                                    "ingest_trust",
                                ],
                            )
                        ),
                        name="retention_policies_table_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("keep_days__range", (8, 3650))), name="retention_policies_keep_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("compress_after_days__isnull", True),
                            models.Q(
                                ("compress_after_days__gte", 7), ("compress_after_days__lt", models.F("keep_days"))
                            ),
                            _connector="OR",
                        ),
                        name="retention_policies_compress_after_days",
                    ),
                ],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
        run_sql_file(__file__, "0007_retention"),
    ]
