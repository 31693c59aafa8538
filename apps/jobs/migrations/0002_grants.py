"""Who may touch the timetable's rows."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_grants.sql`."""

    dependencies = [("core", "0001_database"), ("jobs", "0001_initial")]
    operations = [run_sql_file(__file__, "0002_grants")]
