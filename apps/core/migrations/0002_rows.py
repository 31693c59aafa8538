"""Who sees which rows: the scope of whoever asks, and what guards a table or publishes a view."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0002_rows.sql`."""

    dependencies = [("core", "0001_database")]
    operations = [run_sql_file(__file__, "0002_rows")]
