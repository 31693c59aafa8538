"""The mapping that a fresh installation starts with."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0007_first_mappings.sql`."""

    dependencies = [("accounts", "0006_rows")]
    operations = [run_sql_file(__file__, "0007_first_mappings")]
