"""What people's own log-ins at the database may correct about tenants."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0008_log_in_writes.sql`."""

    dependencies = [("accounts", "0007_first_mappings")]
    operations = [run_sql_file(__file__, "0008_log_in_writes")]
