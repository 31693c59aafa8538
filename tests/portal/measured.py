"""Nodes with a past, for the pages that show it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.metrics.models import MetricSample, MetricSeries
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as


def named(node: Node, name: str, values: list[float], *, kind: str = "", **labels: str) -> MetricSeries:
    """Return a named series of a node with a value a minute, the newest just now."""
    now = datetime.now(UTC).replace(microsecond=0)
    with acting_as("omega_worker"):
        row = MetricSeries.objects.create(
            tenant=node.tenant, node=node, metric_type=name, labels=labels, kind=kind, last_sample_at=now
        )
        times = [now - timedelta(minutes=n) for n in range(len(values))][::-1]
        MetricSample.objects.bulk_create(
            MetricSample(series=row, time=at, value=value) for at, value in zip(times, values, strict=True)
        )
    return row


def measured(hostname: str, *loads: float, **columns: Any) -> Node:
    """Return a node with a CPU load a minute, the newest just now and also the latest."""
    node, now = make.node(hostname=hostname, **columns), datetime.now(UTC)
    for n, load in enumerate(reversed(loads)):
        make.usage(node, now - timedelta(minutes=n), cpu_percent=load, ram_percent=50.0)
    make.latest(node, now, cpu_percent=loads[-1])
    return node
