"""Vitals of machines that foreign collectors watch: one row a scrape, made by the worker from stored samples."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, UsageMetric, UsageRollupQueue, VitalsSource
from apps.metrics.services import derive_vitals
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
NOW = datetime.now(UTC).replace(microsecond=0)
STEP = timedelta(seconds=15)
Values = dict[str, float]


@pytest.fixture
def watched() -> Node:
    """A node whose collector was heard a moment ago."""
    return make.node(hostname="web-1", collected_at=NOW)


def scraped(node: Node, at: datetime, values: Values, instance: str = "localhost:9100") -> None:
    """Store the samples of one scrape; names are `mode` for processor seconds, else those of the metric."""
    with acting_as("omega_worker"):
        for name, value in values.items():
            is_mode = name in ("idle", "user")
            labels = {"instance": instance, "job": "node"} | ({"cpu": "0", "mode": name} if is_mode else {})
            series, _ = MetricSeries.objects.get_or_create(
                tenant=node.tenant,
                node=node,
                metric_type="node_cpu_seconds_total" if is_mode else name,
                labels=labels,
            )
            MetricSample.objects.create(series=series, time=at, value=value)
    heard(node)


def heard(node: Node) -> None:
    """Note a contact of the node's collector, as the door does with every request."""
    Node.objects.filter(pk=node.pk).update(collected_at=F("collected_at") + timedelta(microseconds=1))


def steadily(node: Node, start: datetime, count: int, busy: float = 3.0, **more: str) -> None:
    """Store scrapes of a machine that is busy for so many seconds of every fifteen."""
    for n in range(count):
        values = {"idle": 1e5 + (15 - busy) * n, "user": 1e5 + busy * n, "node_load1": float(n)}
        scraped(node, start + STEP * n, values, **more)


def derive(now: datetime = NOW) -> int:
    with acting_as("omega_worker"):
        return derive_vitals(now=now)


def rows(node: Node) -> list[tuple[float, float | None, float | None]]:
    """Return the node's vitals as (seconds before now, processor, load)."""
    with acting_as("omega_worker"):
        found = UsageMetric.objects.filter(node=node).order_by("timestamp")
        return [((NOW - one.timestamp).total_seconds(), one.cpu_percent, one.load_1m) for one in found]


def test_each_scrape_becomes_one_row_and_the_newest_the_latest(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 4)
    assert derive() == 4
    assert rows(watched) == [(45, None, 0), (30, 20, 1), (15, 20, 2), (0, 20, 3)]
    latest = NodeLatest.objects.get(node=watched)
    assert (latest.at, latest.cpu_percent, latest.received_at) == (NOW, 20, NOW)
    with acting_as("omega_worker"):
        hours = UsageRollupQueue.objects.filter(node_id=watched.pk).values_list("bucket", flat=True)
        assert set(hours) == {(NOW - STEP * n).replace(minute=0, second=0) for n in range(4)}


def test_nothing_new_changes_nothing_and_new_scrapes_add_themselves(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 3)
    assert (derive(), derive()) == (3, 0)
    scraped(watched, NOW, {"idle": 1e5 + 36, "user": 1e5 + 9, "node_load1": 3})
    assert (derive(), len(rows(watched)), derive()) == (1, 4, 0)


def test_part_of_a_scrape_that_comes_late_completes_its_row(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 3)
    scraped(watched, NOW, {"idle": 1e5 + 36, "node_load1": 7})
    derive()
    assert rows(watched)[-1] == (15, 20, 2), "a scrape without its processor part waits a moment"
    scraped(watched, NOW, {"user": 1e5 + 9})
    derive()
    assert rows(watched)[-1] == (0, 20, 7)
    scraped(watched, NOW - STEP, {"node_memory_MemTotal_bytes": 8e9, "node_memory_MemAvailable_bytes": 2e9})
    assert derive() == 1
    with acting_as("omega_worker"):
        assert UsageMetric.objects.get(node=watched, timestamp=NOW - STEP).ram_percent == 75
    assert NodeLatest.objects.get(node=watched).at == NOW


def test_scrape_that_never_becomes_whole_is_stored_as_it_is(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 3)
    scraped(watched, NOW, {"idle": 1e5 + 36, "node_load1": 7})
    derive()
    derive(NOW + timedelta(seconds=30))
    assert rows(watched)[-1] == (0, None, 7)


def test_restart_of_the_machine_leaves_a_gap(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 2)
    for n in (2, 3):
        scraped(watched, NOW - STEP * (3 - n), {"idle": 10 * n, "user": 5 * n, "node_load1": 0})
    derive()
    assert [cpu for _, cpu, _ in rows(watched)] == [None, 20, None, pytest.approx(100 / 3)]


def test_days_that_a_collector_kept_are_made_up_for(watched: Node) -> None:
    steadily(watched, NOW - timedelta(days=2), 5)
    steadily(watched, NOW - timedelta(hours=3), 5)
    steadily(watched, NOW - STEP * 2, 3)
    made = [derive() for _ in range(4)]
    assert (made, len(rows(watched))) == ([5, 5, 3, 0], 13)


def test_own_vitals_newer_than_a_scrape_stay_the_latest(watched: Node) -> None:
    make.latest(watched, NOW + timedelta(seconds=1), cpu_percent=99)
    steadily(watched, NOW - STEP, 2)
    derive()
    assert NodeLatest.objects.get(node=watched).cpu_percent == 99


def test_of_many_machines_behind_one_collector_the_node_itself_counts(watched: Node) -> None:
    steadily(watched, NOW - STEP, 2, busy=12, instance="db-1:9100")
    steadily(watched, NOW - STEP, 2, busy=3, instance="web-1:9100")
    derive()
    assert rows(watched)[-1] == (0, 20, 1)


def test_machines_that_are_not_the_node_are_read_once_and_not_for_ever(watched: Node) -> None:
    for name in ("db-1:9100", "db-2:9100"):
        steadily(watched, NOW - timedelta(hours=2), 2, instance=name)
    assert (derive(), rows(watched)) == (0, [])
    with acting_as("omega_worker"):
        assert VitalsSource.objects.get(node=watched).derived_to == NOW - timedelta(hours=2) + STEP


def test_node_that_no_collector_was_heard_of_is_left_alone() -> None:
    silent = make.node(hostname="web-1", collected_at=NOW - timedelta(hours=1))
    steadily(silent, NOW - STEP, 2)
    assert (derive(), rows(silent)) == (0, [])


def test_nodes_do_not_mix(watched: Node) -> None:
    other = make.node(hostname="web-2", collected_at=NOW)
    steadily(watched, NOW - STEP, 2, busy=3)
    steadily(other, NOW - STEP, 2, busy=6)
    assert derive() == 4
    assert [rows(node)[-1][1] for node in (watched, other)] == [20, 40]


def test_node_is_looked_at_again_only_when_its_collector_was_heard(watched: Node) -> None:
    steadily(watched, NOW - STEP * 3, 3)
    derive()
    with acting_as("omega_worker"):
        looked_at = VitalsSource.objects.get(node=watched).looked_at
    assert derive(NOW + STEP) == 0
    with acting_as("omega_worker"):
        assert VitalsSource.objects.get(node=watched).looked_at == looked_at
    scraped(watched, NOW, {"idle": 1e5 + 36, "user": 1e5 + 9, "node_load1": 3})
    assert derive(NOW + STEP) == 1


def test_node_whose_agent_tells_its_vitals_needs_none_of_its_collector(watched: Node) -> None:
    make.latest(watched, NOW - STEP * 2, cpu_percent=99)
    steadily(watched, NOW - STEP * 3, 4)
    assert (derive(), rows(watched)) == (0, [])
    steadily(watched, NOW + timedelta(minutes=5), 2)
    assert derive(NOW + timedelta(minutes=6)) == 4, "the agent fell silent: scrapes after its last word count"
    scraped(watched, NOW + timedelta(minutes=5) + STEP * 2, {"idle": 1e5 + 24, "user": 1e5 + 6})
    assert derive(NOW + timedelta(minutes=6)) == 1
    assert [seconds for seconds, _, _ in rows(watched)] == [15, 0, -300, -315, -330]


def test_agent_that_begins_beside_a_collector_is_preferred_from_then_on(watched: Node) -> None:
    steadily(watched, NOW - STEP * 4, 3)
    assert derive() == 3
    with acting_as("omega_worker"):
        NodeLatest.objects.filter(node=watched).update(at=NOW - STEP, cpu_percent=99)
    steadily(watched, NOW - STEP, 2)
    assert (derive(), len(rows(watched))) == (0, 3)
    assert NodeLatest.objects.get(node=watched).cpu_percent == 99


def test_collector_that_names_the_machine_anew_is_followed(watched: Node) -> None:
    steadily(watched, NOW - timedelta(hours=1), 2, instance="10.0.0.1:9100")
    derive()
    steadily(watched, NOW - STEP, 2, instance="10.0.0.2:9100")
    derive()
    assert [cpu for _, cpu, _ in rows(watched)] == [None, 20, None, 20]


def test_run_that_is_out_of_time_leaves_the_rest_to_the_next(watched: Node) -> None:
    others = [make.node(hostname=f"web-{n}", collected_at=NOW) for n in (2, 3)]
    for node in (watched, *others):
        steadily(node, NOW - STEP, 2)
    with acting_as("omega_worker"):
        made = [derive_vitals(now=NOW + timedelta(seconds=n), seconds=0, batch=1) for n in range(4)]
    assert made == [2, 2, 2, 0]
    with acting_as("omega_worker"):
        first, *rest = [source.node for source in VitalsSource.objects.select_related("node").order_by("looked_at")]
    for node in (first, *rest):
        scraped(node, NOW + STEP, {"idle": 1e5 + 24, "user": 1e5 + 6})
    with acting_as("omega_worker"):
        assert derive_vitals(now=NOW + STEP, seconds=0, batch=1) == 1
        scraped(first, NOW + STEP * 2, {"idle": 1e5 + 36, "user": 1e5 + 9})
        assert [derive_vitals(now=NOW + STEP * 2, seconds=0, batch=1) for _ in rest] == [1, 1]
    assert [len(rows(node)) for node in rest] == [3, 3], "who was not looked at for longest comes first"
