"""Two workers share the nodes: neither waits for the other, and none is worked out twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from apps.metrics.models import MetricSample, MetricSeries, UsageMetric, VitalsSource
from apps.metrics.services import derive_vitals
from apps.nodes.models import Node
from tests import make
from tests.roles import serving_as

pytestmark = pytest.mark.data_layer
NOW = datetime.now(UTC).replace(microsecond=0)
LABELS = {"instance": "localhost:9100", "cpu": "0"}


@pytest.fixture
def watched(committed: None) -> Iterator[Node]:
    """A node with two scrapes that all connections see."""
    with serving_as("omega_portal"):
        node = make.node(collected_at=NOW)
    with serving_as("omega_worker"):
        for mode, spent in (("idle", 12.0), ("user", 3.0)):
            labels = LABELS | {"mode": mode}
            series = MetricSeries.objects.create(
                tenant=node.tenant, node=node, metric_type="node_cpu_seconds_total", labels=labels
            )
            for n in range(2):
                MetricSample.objects.create(series=series, time=NOW - timedelta(seconds=15 * (1 - n)), value=n * spent)
        VitalsSource.objects.create(node=node, derived_to=NOW - timedelta(days=1))
        yield node


def other_worker() -> int:
    with serving_as("omega_worker"):
        return derive_vitals(now=NOW)


def test_node_that_one_worker_is_at_is_left_to_it(watched: Node) -> None:
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            mine = derive_vitals(now=NOW)
            meanwhile = other.submit(other_worker).result(10)
        after = other.submit(other_worker).result(10)
    assert (mine, meanwhile, after) == (1, 0, 0)
    assert UsageMetric.objects.get(node=watched).cpu_percent == pytest.approx(20)


def cut_short() -> None:
    with transaction.atomic():
        derive_vitals(now=NOW)
        raise KeyboardInterrupt


def test_work_of_a_worker_that_ends_in_between_is_done_by_the_next(watched: Node) -> None:
    with pytest.raises(KeyboardInterrupt):
        cut_short()
    assert (derive_vitals(now=NOW), UsageMetric.objects.filter(node=watched).count()) == (1, 1)
