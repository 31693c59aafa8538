"""People of a closed tenant are not let in."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0009_closed_tenants.sql`."""

    dependencies = [("accounts", "0008_log_in_writes")]
    operations = [run_sql_file(__file__, "0009_closed_tenants")]
