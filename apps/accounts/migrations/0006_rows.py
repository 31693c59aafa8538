"""Who sees which rows of people, the look-ups before log-in, and what people's own log-ins at the database read."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0006_rows.sql`."""

    dependencies = [("core", "0002_rows"), ("accounts", "0005_database_logins")]
    operations = [run_sql_file(__file__, "0006_rows")]
