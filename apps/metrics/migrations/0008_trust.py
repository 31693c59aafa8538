"""What agents and collectors sent, counted by node and day."""

import django.db.models.deletion
from django.db import migrations, models

import apps.metrics.models.fields
from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """The table, then `sql/0008_trust.sql`."""

    dependencies = [("metrics", "0007_retention")]
    operations = [
        migrations.CreateModel(
            name="IngestTrust",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "node", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("accepted", models.BigIntegerField(db_default=0, default=0)),
                ("duplicate", models.BigIntegerField(db_default=0, default=0)),
                ("rejected", models.BigIntegerField(db_default=0, default=0)),
                ("rejected_codes", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("refused_codes", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("tolerated", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("protocols", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("batches", models.BigIntegerField(db_default=0, default=0)),
                ("repeated", models.BigIntegerField(db_default=0, default=0)),
                ("heartbeats", models.BigIntegerField(db_default=0, default=0)),
                (
                    "skew_min",
                    apps.metrics.models.fields.Real(
                        blank=True, db_comment="seconds, the machine's clock minus the portal's", null=True
                    ),
                ),
                (
                    "skew_max",
                    apps.metrics.models.fields.Real(
                        blank=True, db_comment="seconds, the machine's clock minus the portal's", null=True
                    ),
                ),
                (
                    "late_seconds_max",
                    apps.metrics.models.fields.Real(
                        blank=True, db_comment="seconds from measuring to receiving", null=True
                    ),
                ),
                ("agent_version", models.CharField(blank=True, db_default="", max_length=50)),
                ("spool_at", models.DateTimeField(blank=True, null=True)),
                ("spool_waiting", models.BigIntegerField(blank=True, null=True)),
                ("spool_oldest_at", models.DateTimeField(blank=True, null=True)),
                ("spool_dropped", models.BigIntegerField(blank=True, null=True)),
                ("spool_quarantined", models.BigIntegerField(blank=True, null=True)),
                (
                    "node",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="nodes.node"
                    ),
                ),
            ],
            options={
                "db_table": "ingest_trust",
                "indexes": [models.Index(fields=["day"], name="ingest_trust_age")],
            },
        ),
        run_sql_file(__file__, "0008_trust"),
    ]
