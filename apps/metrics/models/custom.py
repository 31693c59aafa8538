"""Metrics of any name: a series is a name with labels, its samples are narrow."""

from django.db import models
from django.db.models import CompositePrimaryKey, Value
from timescale.db.models.fields import TimescaleDateTimeField

from apps.accounts.models import Tenant
from apps.nodes.models import Node


class MetricSeries(models.Model):
    """What a run of samples measures: reporter, subject, name and labels.

    `kind` is gauge, counter, delta or empty; `last_sample_at` is never later than the newest sample and at most ten
    minutes behind it; `stale_at` tells when the sender declared the series ended, empty once it sends again.
    """

    id = models.AutoField(primary_key=True, db_column="series_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, null=True, blank=True, related_name="metric_series")
    pool_id = models.UUIDField(null=True, blank=True)
    storage_pool_id = models.UUIDField(null=True, blank=True)
    session_id = models.UUIDField(null=True, blank=True)
    metric_type = models.CharField(max_length=100)
    unit = models.CharField(max_length=50, blank=True, db_default="")
    labels = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    last_sample_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=10, blank=True, db_default="")
    stale_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `metric_series`."""

        db_table = "metric_series"
        verbose_name_plural = "metric series"
        indexes = (
            models.Index(fields=["metric_type", "id"], name="metric_series_by_name"),
            models.Index(fields=["node", "metric_type"], name="metric_series_of_node"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "node", "pool_id", "storage_pool_id", "session_id", "metric_type", "labels"],
                name="metric_series_once",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        """Show the metric's name."""
        return self.metric_type


class MetricFamily(models.Model):
    """What senders say of a metric by its name: how its values are to be read, in which unit, and what it means."""

    pk = CompositePrimaryKey("tenant", "metric_type")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, related_name="+")
    metric_type = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, blank=True, db_default="")
    unit = models.CharField(max_length=50, blank=True, db_default="")
    help = models.CharField(max_length=1000, blank=True, db_default="")

    class Meta:
        """Table `metric_families`."""

        db_table = "metric_families"
        verbose_name_plural = "metric families"

    def __str__(self) -> str:
        """Show the metric's name."""
        return self.metric_type


class MetricSample(models.Model):
    """One value of a series at a time."""

    pk = CompositePrimaryKey("series", "time")
    series = models.ForeignKey(
        MetricSeries, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    time = TimescaleDateTimeField(interval="1 day")
    value = models.FloatField()

    class Meta:
        """Table `metric_samples`, partitioned by day."""

        db_table = "metric_samples"

    def __str__(self) -> str:
        """Show time and value."""
        return f"{self.time:%F %T} {self.value:g}"
