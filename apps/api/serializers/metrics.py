"""Series, vitals, processes and the fleet at this moment: shapes of answers that are built as plain values."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Instant, Query
from apps.metrics.queries import Source
from apps.metrics.vitals import VITALS, Kind


class SeriesQuery(Query):
    """Which vital, over which span; the last hour unless told."""

    metric = serializers.ChoiceField(choices=list(VITALS))
    start = Instant(required=False)
    end = Instant(required=False)
    max_points = serializers.IntegerField(required=False, min_value=2, max_value=5000, default=600)


class PointOut(serializers.Serializer[Any]):
    """One step; null where nothing was measured."""

    at = serializers.DateTimeField()
    avg = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class SeriesOut(serializers.Serializer[Any]):
    """Evenly spaced points of one vital, and which storage answered."""

    metric = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    source = serializers.ChoiceField(choices=[s.value for s in Source])  # type: ignore[assignment]
    step_seconds = serializers.IntegerField()
    points = PointOut(many=True)


class FleetLatestOut(serializers.Serializer[Any]):
    """A table: `rows` hold values in the order of `columns`; `at` and `received_at` are seconds since 1970."""

    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())


class VitalOut(serializers.Serializer[Any]):
    """A vital that nodes can report."""

    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])


class ProcessOut(serializers.Serializer[Any]):
    """One process at the moment of the snapshot."""

    pid = serializers.IntegerField()
    name = serializers.CharField()
    username = serializers.CharField(allow_blank=True)
    cpu_percent = serializers.FloatField(allow_null=True)
    memory_percent = serializers.FloatField(allow_null=True)
    rss_mb = serializers.FloatField(allow_null=True)
    status = serializers.CharField(allow_blank=True)
    command = serializers.CharField(allow_blank=True)


class ProcessListOut(serializers.Serializer[Any]):
    """The newest snapshot, busiest first; `at` is null when none was ever sent."""

    at = serializers.DateTimeField(allow_null=True)
    processes = ProcessOut(many=True)


class CellOut(serializers.Serializer[Any]):
    """One node of the fleet."""

    node_id = serializers.UUIDField()
    hostname = serializers.CharField()
    status = serializers.CharField()
    cpu_percent = serializers.FloatField(allow_null=True)
    ram_percent = serializers.FloatField(allow_null=True)
    is_stale = serializers.BooleanField()


class FleetOut(serializers.Serializer[Any]):
    """The fleet at this moment; averages are over nodes whose values are fresh."""

    as_of = serializers.DateTimeField(allow_null=True)
    reporting = serializers.IntegerField()
    avg_cpu_percent = serializers.FloatField(allow_null=True)
    avg_ram_percent = serializers.FloatField(allow_null=True)
    used_memory_gb = serializers.FloatField()
    total_memory_gb = serializers.FloatField()
    busy_cores = serializers.FloatField()
    total_cores = serializers.IntegerField()
    statuses = serializers.DictField(child=serializers.IntegerField())
    cells = CellOut(many=True)
