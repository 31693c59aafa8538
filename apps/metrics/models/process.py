"""The top processes of a machine, as its agent saw them."""

from django.db import models
from django.db.models import CompositePrimaryKey
from timescale.db.models.fields import TimescaleDateTimeField

from apps.metrics.models.fields import real
from apps.nodes.models import Node


class ProcessSnapshot(models.Model):
    """One process at one moment."""

    pk = CompositePrimaryKey("node", "timestamp", "pid")
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    timestamp = TimescaleDateTimeField(interval="1 day")
    pid = models.IntegerField()
    name = models.CharField(max_length=255)
    username = models.CharField(max_length=255, blank=True, db_default="")
    cpu_percent = real("percent of the whole machine, 0-100")
    memory_percent = real("percent of the machine's memory")
    rss_mb = real("MB, 10^6 bytes")
    status = models.CharField(max_length=30, blank=True, db_default="")
    command = models.TextField(blank=True, db_default="")

    class Meta:
        """Table `process_snapshots`, partitioned by day."""

        db_table = "process_snapshots"

    def __str__(self) -> str:
        """Show the process."""
        return f"{self.pid} {self.name}"
