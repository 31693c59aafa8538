"""How far the vitals of foreign collectors have been worked out, and a way to their series."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """The table, then `sql/0010_vitals_sources.sql`."""

    dependencies = [("nodes", "0006_contact_by_collectors"), ("metrics", "0009_corrections")]
    operations = [
        migrations.CreateModel(
            name="VitalsSource",
            fields=[
                (
                    "node",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="nodes.node",
                    ),
                ),
                ("derived_to", models.DateTimeField()),
                ("interval_seconds", models.FloatField()),
            ],
            options={"db_table": "vitals_sources"},
        ),
        run_sql_file(__file__, "0010_vitals_sources"),
    ]
