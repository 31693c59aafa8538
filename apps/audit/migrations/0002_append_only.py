"""The trigger that records changed rows, and the refusal to change what is recorded."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_append_only.sql`."""

    dependencies = [("core", "0001_database"), ("audit", "0001_initial")]
    operations = [run_sql_file(__file__, "0002_append_only")]
