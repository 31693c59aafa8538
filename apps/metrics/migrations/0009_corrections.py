"""Corrections of samples, and what they took away."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.metrics.models.fields
from apps.core.sql import run_sql_file


class Migration(migrations.Migration):
    """The tables, then `sql/0009_corrections.sql`."""

    dependencies = [("metrics", "0008_trust"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="SampleCorrection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_column="correction_id",
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("columns", models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                (
                    "kind",
                    models.CharField(
                        choices=[("remove", "Remove the samples"), ("set_null", "Set the values to unknown")],
                        max_length=10,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("applied", "Applied"),
                            ("undo_waiting", "Undo waits"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("failed", "Failed"),
                            ("undo_failed", "Undo failed"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=models.functions.Now())),
                ("next_at", models.DateTimeField()),
                ("rows_affected", models.BigIntegerField(db_default=0, default=0)),
                ("rows_restored", models.BigIntegerField(db_default=0, default=0)),
                ("before", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("after", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undo_reason", models.TextField(blank=True, db_default="")),
                ("forgotten_at", models.DateTimeField(blank=True, null=True)),
                ("failure", models.TextField(blank=True, db_default="", default="")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="corrections", to="nodes.node"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="metrics.metricseries",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.tenant"
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "sample_corrections",
                "ordering": ("-created_at",),
            },
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["remove", "set_null"])), name="sample_corrections_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "waiting",
                            "running",
                            "applied",
                            "undo_waiting",
                            "undoing",
                            "undone",
                            "failed",
                            "undo_failed",
                        ],
                    )
                ),
                name="sample_corrections_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="sample_corrections_span"
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="sample_corrections_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("columns", []), ("kind", "remove")),
                    models.Q(("kind", "set_null"), ("series__isnull", True), models.Q(("columns", []), _negated=True)),
                    _connector="OR",
                ),
                name="sample_corrections_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecorrection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running", "undo_waiting", "undoing"))),
                fields=("node",),
                name="sample_corrections_one_open",
            ),
        ),
        migrations.CreateModel(
            name="CorrectedUsage",
            fields=[
                (
                    "cpu_percent",
                    apps.metrics.models.fields.Real(blank=True, db_comment="percent of all cores, 0-100", null=True),
                ),
                ("cpu_per_core", models.JSONField(blank=True, db_comment="list of percents, one per core", null=True)),
                ("cpu_temp", apps.metrics.models.fields.Real(blank=True, db_comment="degrees Celsius", null=True)),
                (
                    "load_1m",
                    apps.metrics.models.fields.Real(blank=True, db_comment="load average over a minute", null=True),
                ),
                ("ram_percent", apps.metrics.models.fields.Real(blank=True, db_comment="percent, 0-100", null=True)),
                ("ram_used_gb", apps.metrics.models.fields.Real(blank=True, db_comment="GB, 10^9 bytes", null=True)),
                ("swap_percent", apps.metrics.models.fields.Real(blank=True, db_comment="percent, 0-100", null=True)),
                (
                    "gpu_utilization",
                    apps.metrics.models.fields.Real(blank=True, db_comment="percent, 0-100", null=True),
                ),
                (
                    "gpu_memory_percent",
                    apps.metrics.models.fields.Real(blank=True, db_comment="percent, 0-100", null=True),
                ),
                ("gpu_temp", apps.metrics.models.fields.Real(blank=True, db_comment="degrees Celsius", null=True)),
                (
                    "disk_percent",
                    apps.metrics.models.fields.Real(
                        blank=True, db_comment="percent of the fullest file system, 0-100", null=True
                    ),
                ),
                (
                    "disk_read_mb_s",
                    apps.metrics.models.fields.Real(blank=True, db_comment="MB/s, 10^6 bytes", null=True),
                ),
                (
                    "disk_write_mb_s",
                    apps.metrics.models.fields.Real(blank=True, db_comment="MB/s, 10^6 bytes", null=True),
                ),
                (
                    "disk_io_wait_percent",
                    apps.metrics.models.fields.Real(blank=True, db_comment="percent, 0-100", null=True),
                ),
                (
                    "net_sent_mb_s",
                    apps.metrics.models.fields.Real(blank=True, db_comment="MB/s, 10^6 bytes", null=True),
                ),
                (
                    "net_recv_mb_s",
                    apps.metrics.models.fields.Real(blank=True, db_comment="MB/s, 10^6 bytes", null=True),
                ),
                ("process_count", models.IntegerField(blank=True, null=True)),
                ("uptime_seconds", models.FloatField(blank=True, null=True)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "correction", "timestamp", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("timestamp", models.DateTimeField()),
                (
                    "correction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="metrics.samplecorrection",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "corrected usage",
                "db_table": "corrected_usage",
            },
        ),
        migrations.CreateModel(
            name="CorrectedSample",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "correction", "time", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("time", models.DateTimeField()),
                ("value", models.FloatField()),
                (
                    "correction",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="metrics.samplecorrection",
                    ),
                ),
            ],
            options={
                "db_table": "corrected_samples",
            },
        ),
        run_sql_file(__file__, "0009_corrections"),
    ]
