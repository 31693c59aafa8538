"""Who sees which rows of the inventory."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0003_rows.sql`."""

    dependencies = [("accounts", "0006_rows"), ("nodes", "0002_grants")]
    operations = [run_sql_file(__file__, "0003_rows")]
