"""People's log-ins read nodes under policies, and operators register some."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0007_log_ins.sql`."""

    dependencies = [("nodes", "0006_contact_by_collectors")]
    operations = [run_sql_file(__file__, "0007_log_ins")]
