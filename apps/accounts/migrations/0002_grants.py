"""Who may touch people's rows, the default tenant, and recording of changes."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_grants.sql`."""

    dependencies = [
        ("core", "0001_database"),
        ("audit", "0002_append_only"),
        ("accounts", "0001_initial"),
        ("sessions", "0001_initial"),
        ("admin", "0001_initial"),
        ("auth", "0001_initial"),
    ]
    operations = [run_sql_file(__file__, "0002_grants")]
