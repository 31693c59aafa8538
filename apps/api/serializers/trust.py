"""How far a node can be trusted, as it goes out."""

from typing import Any

from rest_framework import serializers

from apps.metrics.clock import Clock

SPOOL = ("at", "waiting", "oldest_at", "dropped", "quarantined")
COUNTS = (
    "accepted", "duplicate", "rejected", "rejected_codes", "refused_codes", "tolerated", "protocols", "batches",
    "repeated", "heartbeats", "skew_min", "skew_max", "late_seconds_max", "agent_version",
)  # fmt: skip


class GapOut(serializers.Serializer[Any]):
    """A time in which vitals were missing."""

    starts = serializers.DateTimeField()
    ends = serializers.DateTimeField()


class CoverageOut(serializers.Serializer[Any]):
    """How completely vitals came over the last 24 hours, by the node's own cadence."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    cadence_seconds = serializers.FloatField()
    samples = serializers.IntegerField()
    gap_count = serializers.IntegerField()
    missing_seconds = serializers.FloatField()
    percent = serializers.FloatField()
    gaps = GapOut(many=True, help_text="The longest ten.")


class SpoolOut(serializers.Serializer[Any]):
    """What the agent has yet to deliver, as it last told."""

    at = serializers.DateTimeField()
    waiting = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True)
    dropped = serializers.IntegerField()
    quarantined = serializers.IntegerField()


class CountsOut(serializers.Serializer[Any]):
    """What came on one day, and what became of it."""

    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    rejected_codes = serializers.DictField(child=serializers.IntegerField(), help_text="Samples by code.")
    refused_codes = serializers.DictField(child=serializers.IntegerField(), help_text="Whole requests by code.")
    tolerated = serializers.DictField(child=serializers.IntegerField(), help_text="Left out without fault, by code.")
    protocols = serializers.DictField(child=serializers.IntegerField(), help_text="Requests by protocol.")
    batches = serializers.IntegerField()
    repeated = serializers.IntegerField()
    heartbeats = serializers.IntegerField()
    skew_min = serializers.FloatField(allow_null=True, help_text="Seconds, the machine's clock minus the portal's.")
    skew_max = serializers.FloatField(allow_null=True)
    late_seconds_max = serializers.FloatField(allow_null=True)
    agent_version = serializers.CharField()


class TrustDayOut(serializers.Serializer[Any]):
    """One UTC day."""

    day = serializers.DateField()
    counts = CountsOut(allow_null=True, help_text="Null when nothing came.")


class TrustOut(serializers.Serializer[Any]):
    """How far the figures of a node can be trusted."""

    clock = serializers.ChoiceField(choices=[str(one) for one in Clock])
    clock_skew_seconds = serializers.FloatField(allow_null=True)
    agent_version = serializers.CharField(allow_blank=True)
    newest_version = serializers.CharField(allow_blank=True, help_text="The newest of the fleet.")
    is_outdated = serializers.BooleanField()
    coverage = CoverageOut()
    spool = SpoolOut(allow_null=True)
    days = TrustDayOut(many=True)
