"""The newest vitals of a node as a row of JSON, in a column that the database keeps."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """`sql/0011_latest_as_json.sql`."""

    dependencies = [("metrics", "0010_vitals_sources")]
    operations = [run_sql_file(__file__, "0011_latest_as_json")]
