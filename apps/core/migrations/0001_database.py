"""The schema for readers and the functions that hide the difference between the tiers."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0001_database.sql`."""

    dependencies = []
    operations = [run_sql_file(__file__, "0001_database")]
