"""Commitments of every entry, the split of personal columns, erasure, and what nobody may change."""

from django.db import migrations

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """Runs `sql/0004_sealed.sql`."""

    dependencies = [("audit", "0003_commitments_and_seals")]
    operations = [run_sql_file(__file__, "0004_sealed")]
