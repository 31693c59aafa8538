"""Partitions of roll-ups: made whole, and dropped like those of samples."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0003_partitions.sql`."""

    dependencies = [("core", "0002_rows")]
    operations = [run_sql_file(__file__, "0003_partitions")]
