"""How long each table of time series is kept: one row per table, the whole portal's."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.core.models import one_of

# Samples come up to seven days late: what is kept for less would go before it came.
FEWEST_DAYS, MOST_DAYS = 8, 3650
SOONEST_COMPRESSED = 7


class KeptTable(models.TextChoices):
    """The tables that forget, as people call them."""

    USAGE_METRICS = "usage_metrics", "Vitals, every sample"
    USAGE_HOURLY = "usage_hourly", "Vitals by the hour"
    USAGE_DAILY = "usage_daily", "Vitals by the day"
    USAGE_SKETCHES = "usage_sketches", "Percentiles of vitals, hour by hour"
    METRIC_SAMPLES = "metric_samples", "Metrics of any name, every sample"
    METRIC_HOURLY = "metric_hourly", "Metrics of any name by the hour"
    PROCESS_SNAPSHOTS = "process_snapshots", "Processes"
    NODE_HEARTBEATS = "node_heartbeats", "Heartbeats"
    INGEST_TRUST = "ingest_trust", "What agents sent, counted by the day"


class RetentionPolicy(models.Model):
    """What is kept of one table; `applied_at` is when the server was last told, None when it has yet to be."""

    table_name = models.CharField(primary_key=True, max_length=63, choices=KeptTable)
    keep_days = models.PositiveIntegerField()
    compress_after_days = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())
    updated_by = models.UUIDField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `retention_policies`."""

        db_table = "retention_policies"
        verbose_name_plural = "retention policies"
        constraints = (
            one_of("table_name", KeptTable, "retention_policies_table_known"),
            models.CheckConstraint(
                condition=Q(keep_days__range=(FEWEST_DAYS, MOST_DAYS)), name="retention_policies_keep_days"
            ),
            models.CheckConstraint(
                condition=Q(compress_after_days__isnull=True)
                | Q(compress_after_days__gte=SOONEST_COMPRESSED, compress_after_days__lt=F("keep_days")),
                name="retention_policies_compress_after_days",
            ),
        )

    def __str__(self) -> str:
        """Show the table."""
        return self.table_name
