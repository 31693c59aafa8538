"""Who may touch the rows about identity, their versions, and recording of changes."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0004_identity_rights.sql`."""

    dependencies = [("accounts", "0003_identity")]
    operations = [run_sql_file(__file__, "0004_identity_rights")]
