"""Entries about what belongs to a person are about that person, whether their writer says so or not."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0007_subjects.sql`."""

    dependencies = [("audit", "0006_log_ins")]
    operations = [run_sql_file(__file__, "0007_subjects")]
