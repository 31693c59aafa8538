"""What nodes say right now: only what is fresh counts, and only one's own is shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.errors import NotFound
from apps.metrics.models import MetricSample, MetricSeries, ProcessSnapshot
from apps.metrics.selectors import (
    custom_metrics_of,
    custom_series,
    fleet_now,
    latest_of,
    processes_of,
)
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

pytestmark = pytest.mark.django_db


def test_figures_of_the_fleet_are_of_nodes_in_service_that_speak(now: datetime) -> None:
    for cores, cpu, ram_gb in ((8, 50.0, 16.0), (4, 100.0, 8.0)):
        node = make.node(total_cpu_cores=cores, total_memory_gb=32.0, silent_after=now + timedelta(seconds=9))
        make.latest(node, now, cpu_percent=cpu, ram_percent=ram_gb, ram_used_gb=ram_gb)
    for odd in ({"status": "offline"}, {"status": "retired"}, {"silent_after": now - timedelta(seconds=1)}):
        make.latest(make.node(total_cpu_cores=640, **odd), now, cpu_percent=1.0, ram_used_gb=999.0)

    fleet = fleet_now(now=now)

    assert (fleet.reporting, fleet.avg_cpu_percent, fleet.as_of) == (2, 75.0, now)
    assert (fleet.busy_cores, fleet.total_cores) == (8.0, 12)
    assert (fleet.used_memory_gb, fleet.total_memory_gb) == (24.0, 64.0)


def test_vital_a_node_does_not_tell_is_not_counted_as_zero(now: datetime) -> None:
    speaking = now + timedelta(seconds=9)
    make.latest(make.node(total_cpu_cores=8, silent_after=speaking), now, cpu_percent=50.0)
    make.latest(make.node(total_cpu_cores=8, silent_after=speaking), now, cpu_percent=None)

    fleet = fleet_now(now=now)

    assert (fleet.avg_cpu_percent, fleet.busy_cores, fleet.total_cores, fleet.total_memory_gb) == (50.0, 4.0, 8, 0.0)


def test_fleet_of_nobody_has_no_averages(now: datetime) -> None:
    fleet = fleet_now(now=now)

    assert (fleet.reporting, fleet.avg_cpu_percent, fleet.total_cores, fleet.cells) == (0, None, 0, [])


def test_map_shows_each_node_in_service_by_host_name_in_two_statements(
    now: datetime, django_assert_num_queries: Any
) -> None:
    make.latest(make.node(hostname="b"), now, cpu_percent=7.0)
    make.node(hostname="a", silent_after=now - timedelta(seconds=1))
    for status in ("pending", "retired"):
        make.node(status=status)

    with django_assert_num_queries(2):
        cells = fleet_now(now=now).cells
    assert [(cell.hostname, cell.cpu_percent, cell.is_stale) for cell in cells] == [
        ("a", None, True),
        ("b", 7.0, False),
    ]
    assert len(fleet_now(now=now, max_cells=1).cells) == 1


def test_newest_vitals_are_found_for_those_who_sent_any(now: datetime) -> None:
    speaking, silent = make.node(), make.node()
    make.latest(speaking, now, cpu_percent=3.0)

    found = latest_of([speaking.pk, silent.pk])
    assert {node_id: latest.cpu_percent for node_id, latest in found.items()} == {speaking.pk: 3.0}


def test_processes_are_those_of_the_newest_moment_busiest_first(now: datetime) -> None:
    node = make.node()
    snapshots = [
        ProcessSnapshot(node=of, timestamp=now - timedelta(seconds=age), pid=pid, name=name, cpu_percent=cpu)
        for of, age, pid, name, cpu in (
            (node, 60, 1, "old", 99.0),
            (node, 0, 2, "idle", 1.0),
            (node, 0, 3, "busy", 90.0),
            (make.node(), 0, 4, "elsewhere", 95.0),
        )
    ]
    with acting_as("omega_worker"):
        ProcessSnapshot.objects.bulk_create(snapshots)

    found = processes_of(node)
    assert (found.at, [process.name for process in found.rows]) == (now, ["busy", "idle"])
    assert processes_of(make.node()).at is None


@pytest.fixture
def queue_length(now: datetime) -> MetricSeries:
    """A metric of its own that a node sent five times."""
    node = make.node()
    with acting_as("omega_worker"):
        series = MetricSeries.objects.create(
            tenant=node.tenant,
            node=node,
            metric_type="queue_length",
            unit="jobs",
            labels={"q": "a"},
            last_sample_at=now,
        )
        samples = [MetricSample(series=series, time=now - timedelta(seconds=n), value=float(n)) for n in range(5)]
        MetricSample.objects.bulk_create(samples)
    return series


def test_metric_of_its_own_is_shown_with_its_newest_value(queue_length: MetricSeries, now: datetime) -> None:
    node = Node.objects.get(pk=queue_length.node_id)
    (metric,) = custom_metrics_of(node)

    assert (metric.metric_type, metric.unit, metric.labels) == ("queue_length", "jobs", {"q": "a"})
    assert (metric.at, metric.value) == (now, 0.0)


def test_own_metric_tells_the_time_of_its_sample_though_the_series_notes_it_later(
    queue_length: MetricSeries, now: datetime
) -> None:
    node = Node.objects.get(pk=queue_length.node_id)
    with acting_as("omega_worker"):
        MetricSample.objects.create(series=queue_length, time=now + timedelta(seconds=30), value=7.0)
    (metric,) = custom_metrics_of(node)

    assert (metric.at, metric.value) == (now + timedelta(seconds=30), 7.0)


def test_samples_of_a_series_come_oldest_first_and_the_newest_are_kept(
    queue_length: MetricSeries, now: datetime
) -> None:
    node = Node.objects.get(pk=queue_length.node_id)
    span = (now - timedelta(seconds=3), now)

    assert [value for _, value in custom_series(node, queue_length.pk, *span)] == [3.0, 2.0, 1.0]
    assert [value for _, value in custom_series(node, queue_length.pk, *span, limit=2)] == [2.0, 1.0]


def test_series_of_another_node_is_as_good_as_absent(queue_length: MetricSeries, now: datetime) -> None:
    for series_id in (queue_length.pk, 0):
        with pytest.raises(NotFound):
            custom_series(make.node(), series_id, now - timedelta(days=1), now)
