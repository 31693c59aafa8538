from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("metrics", "0010_vitals_sources")]
    operations = [run_sql_file(__file__, "0011_latest_as_json")]
