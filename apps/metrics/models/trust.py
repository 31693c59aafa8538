"""What agents and collectors sent, counted: the grounds on which their figures are believed or not."""

from typing import Any

from django.db import models
from django.db.models import CompositePrimaryKey, Value

from apps.metrics.models.fields import real
from apps.nodes.models import Node


def counts() -> "models.JSONField[Any, Any]":
    """Return a column of whole numbers by code."""
    return models.JSONField(default=dict, db_default=Value({}, models.JSONField()))


def total() -> "models.BigIntegerField[int, int]":
    """Return a column that only grows."""
    return models.BigIntegerField(default=0, db_default=0)


class IngestTrust(models.Model):
    """One node, one UTC day. Losing some of it in a crash costs statistics only, never a sample.

    `rejected_codes` counts samples, `refused_codes` whole requests, `tolerated` what was left out without fault,
    `protocols` requests by the protocol they spoke. `spool_*` is what the agent last said of its own spool.
    """

    pk = CompositePrimaryKey("node", "day")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    accepted = total()
    duplicate = total()
    rejected = total()
    rejected_codes = counts()
    refused_codes = counts()
    tolerated = counts()
    protocols = counts()
    batches = total()
    repeated = total()
    heartbeats = total()
    skew_min = real("seconds, the machine's clock minus the portal's")
    skew_max = real("seconds, the machine's clock minus the portal's")
    late_seconds_max = real("seconds from measuring to receiving")
    agent_version = models.CharField(max_length=50, blank=True, db_default="")
    spool_at = models.DateTimeField(null=True, blank=True)
    spool_waiting = models.BigIntegerField(null=True, blank=True)
    spool_oldest_at = models.DateTimeField(null=True, blank=True)
    spool_dropped = models.BigIntegerField(null=True, blank=True)
    spool_quarantined = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """Table `ingest_trust`."""

        db_table = "ingest_trust"
        indexes = (models.Index(fields=["day"], name="ingest_trust_age"),)

    def __str__(self) -> str:
        """Show the day."""
        return f"{self.day:%F}"
