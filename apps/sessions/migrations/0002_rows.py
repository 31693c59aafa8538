"""Who sees which logins, and whose they are."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_rows.sql`."""

    dependencies = [("metrics", "0003_rows"), ("audit", "0007_subjects"), ("compute_sessions", "0001_initial")]
    operations = [run_sql_file(__file__, "0002_rows")]
