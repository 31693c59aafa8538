"""What the door has stored, read as the worker reads it."""

from apps.metrics.models import MetricSample, MetricSeries, UsageMetric
from apps.nodes.models import Node
from tests.database import acting_as


def usage_of(node: Node) -> list[UsageMetric]:
    """Return a node's vitals in order."""
    with acting_as("omega_worker"):
        return list(UsageMetric.objects.filter(node=node).order_by("timestamp"))


def samples_of(node: Node) -> list[tuple[str, dict[str, str], float]]:
    """Return a node's samples in order as (name, labels, value)."""
    with acting_as("omega_worker"):
        found = MetricSample.objects.filter(series__node=node).order_by("time", "series_id").select_related("series")
        return [(one.series.metric_type, one.series.labels, one.value) for one in found]


def series_count(node: Node) -> int:
    """Return how many series a node has."""
    with acting_as("omega_worker"):
        return MetricSeries.objects.filter(node=node).count()
