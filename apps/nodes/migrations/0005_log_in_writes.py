"""What people's own log-ins at the database may correct about nodes."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0005_log_in_writes.sql`."""

    dependencies = [("nodes", "0004_lifecycle_actor")]
    operations = [run_sql_file(__file__, "0005_log_in_writes")]
