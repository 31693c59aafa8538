"""Vitals: every sample, the newest of each node, and the hours whose roll-up is out of date."""

from django.db import models
from django.db.models import CompositePrimaryKey, Q
from timescale.db.models.fields import TimescaleDateTimeField

from apps.metrics.models.fields import real
from apps.nodes.models import Node


class Vitals(models.Model):
    """The columns of one sample of a machine's vitals; names and units are those of `metrics.vitals`."""

    cpu_percent = real("percent of all cores, 0-100")
    cpu_per_core = models.JSONField(null=True, blank=True, db_comment="list of percents, one per core")
    cpu_temp = real("degrees Celsius")
    load_1m = real("load average over a minute")
    ram_percent = real("percent, 0-100")
    ram_used_gb = real("GB, 10^9 bytes")
    swap_percent = real("percent, 0-100")
    gpu_utilization = real("percent, 0-100")
    gpu_memory_percent = real("percent, 0-100")
    gpu_temp = real("degrees Celsius")
    disk_percent = real("percent of the fullest file system, 0-100")
    disk_read_mb_s = real("MB/s, 10^6 bytes")
    disk_write_mb_s = real("MB/s, 10^6 bytes")
    disk_io_wait_percent = real("percent, 0-100")
    net_sent_mb_s = real("MB/s, 10^6 bytes")
    net_recv_mb_s = real("MB/s, 10^6 bytes")
    process_count = models.IntegerField(null=True, blank=True)
    uptime_seconds = models.FloatField(null=True, blank=True)

    class Meta:
        """Abstract."""

        abstract = True


class UsageMetric(Vitals):
    """One sample of a node's vitals. Samples go with their partition, so no constraint ties them to `nodes`."""

    pk = CompositePrimaryKey("node", "timestamp")
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    timestamp = TimescaleDateTimeField(interval="1 day")

    class Meta:
        """Table `usage_metrics`, partitioned by day; the partial indexes find the loaded moments."""

        db_table = "usage_metrics"
        indexes = (
            models.Index(fields=["-timestamp"], condition=Q(cpu_percent__gt=80), name="usage_metrics_high_cpu"),
            models.Index(fields=["-timestamp"], condition=Q(ram_percent__gt=80), name="usage_metrics_high_ram"),
        )

    def __str__(self) -> str:
        """Show the time."""
        return f"{self.timestamp:%F %T}"


class NodeLatest(Vitals):
    """The newest vitals of each node: every page that asks for *now* reads this."""

    node = models.OneToOneField(Node, on_delete=models.CASCADE, primary_key=True, related_name="latest")
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        """Table `node_latest`."""

        db_table = "node_latest"

    def __str__(self) -> str:
        """Show the time."""
        return f"{self.at:%F %T}"


class UsageRollupQueue(models.Model):
    """Hours of nodes whose roll-ups are out of date: those of the vitals and of all the node's series."""

    pk = CompositePrimaryKey("node_id", "bucket")
    node_id = models.UUIDField()
    bucket = models.DateTimeField()
    touched_at = models.DateTimeField()
    rolled_at = models.DateTimeField(null=True, blank=True)
    is_urgent = models.BooleanField(db_default=False)

    class Meta:
        """Table `usage_rollup_queue`."""

        db_table = "usage_rollup_queue"
        indexes = (models.Index(fields=["bucket", "node_id"], name="usage_rollup_queue_by_hour"),)

    def __str__(self) -> str:
        """Show the hour."""
        return f"{self.bucket:%F %H}h"
