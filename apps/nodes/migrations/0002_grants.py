"""Who may touch the inventory, recording of changes, and the two-keys rule."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_grants.sql`."""

    dependencies = [("audit", "0002_append_only"), ("accounts", "0002_grants"), ("nodes", "0001_initial")]
    operations = [run_sql_file(__file__, "0002_grants")]
