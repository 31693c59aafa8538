"""Measurements in the narrow shape people write SQL against, and the place where operators may add some."""

from django.db import migrations, models

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0006_seed_views.sql`; the index finds a node's series by name."""

    dependencies = [("audit", "0007_subjects"), ("metrics", "0005_rollups")]
    operations = [
        migrations.AddIndex("metricseries", models.Index(fields=["node", "metric_type"], name="metric_series_of_node")),
        run_sql_file(__file__, "0006_seed_views"),
    ]
