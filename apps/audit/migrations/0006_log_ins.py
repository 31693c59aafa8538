"""Whom the log names when a person's own log-in changes a row."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0006_log_ins.sql`."""

    dependencies = [("audit", "0005_rows")]
    operations = [run_sql_file(__file__, "0006_log_ins")]
