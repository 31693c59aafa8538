"""Who sees which entries of the log."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0005_rows.sql`."""

    dependencies = [("core", "0002_rows"), ("audit", "0004_sealed"), ("accounts", "0006_rows")]
    operations = [run_sql_file(__file__, "0005_rows")]
