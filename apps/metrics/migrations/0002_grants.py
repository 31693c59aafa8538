"""Who may touch time series, and the guarded views that readers use."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_grants.sql`."""

    dependencies = [("nodes", "0002_grants"), ("metrics", "0001_initial")]
    operations = [run_sql_file(__file__, "0002_grants")]
