"""The real Prometheus scrapes the real node_exporter and itself, and writes to a real ingest process."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db.models import Count, Max

from apps.metrics.models import MetricFamily, MetricSample, MetricSeries, NodeLatest, UsageMetric
from apps.metrics.services import derive_vitals
from tests.database import acting_as
from tests.ingest.collectors import Collectors, collectors
from tests.ingest.conftest import Agent
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.slow, pytest.mark.data_layer]


@pytest.fixture
def running(door: Portal, agent: Agent, tmp_path: Path) -> Iterator[Collectors]:
    """Both collectors, writing with the node's key."""
    with collectors(door, agent, tmp_path) as started:
        yield started


def count(agent: Agent, name: str) -> int:
    """Count the stored samples of a metric."""
    with acting_as("omega_worker"):
        return MetricSample.objects.filter(series__node=agent.node, series__metric_type=name).count()


def test_what_prometheus_sees_arrives_with_its_metadata_and_becomes_vitals(agent: Agent, running: Collectors) -> None:
    wait_for(lambda: count(agent, "node_load1") >= 4, 60)
    with acting_as("omega_worker"):
        up = MetricSeries.objects.filter(node=agent.node, metric_type="up")
        assert {one.labels["job"] for one in up} == {"node", "prometheus"}
        stored = MetricSeries.objects.filter(node=agent.node, metric_type="node_cpu_seconds_total").count()
        assert stored == len(running.ask("node_cpu_seconds_total"))
    wait_for(lambda: families(agent).get("node_cpu_seconds_total") == "counter", 60)
    assert families(agent)["node_load1"] == "gauge"
    assert families(agent)["prometheus_http_request_duration_seconds_bucket"] == "counter"

    wait_for(lambda: derived(agent) and latest(agent) is not None, 60)
    vitals = latest(agent)
    assert vitals is not None
    assert vitals.cpu_percent is not None and 0 <= vitals.cpu_percent <= 100
    assert vitals.ram_percent is not None and 0 < vitals.ram_percent < 100
    assert vitals.load_1m is not None and (vitals.uptime_seconds or 0) > 0
    with acting_as("omega_worker"):
        rows = UsageMetric.objects.filter(node=agent.node).aggregate(all=Count("*"), last=Max("timestamp"))
        scrapes = MetricSample.objects.filter(
            series__node=agent.node, series__metric_type="node_load1", time__lte=rows["last"]
        )
        assert rows["all"] == scrapes.count()


def families(agent: Agent) -> dict[str, str]:
    with acting_as("omega_worker"):
        return dict(MetricFamily.objects.filter(tenant=agent.node.tenant).values_list("metric_type", "kind"))


def derived(agent: Agent) -> bool:
    """Let the worker do its part, and tell whether a row with the processor's load is there."""
    with acting_as("omega_worker"):
        derive_vitals(now=datetime.now(UTC))
        return UsageMetric.objects.filter(node=agent.node, cpu_percent__isnull=False).exists()


def latest(agent: Agent) -> NodeLatest | None:
    with acting_as("omega_worker"):
        return NodeLatest.objects.filter(node=agent.node, cpu_percent__isnull=False).first()


def test_series_that_vanishes_is_marked_and_holds_no_strange_value(agent: Agent, running: Collectors) -> None:
    wait_for(lambda: count(agent, "node_load1") >= 2, 60)
    running.node_exporter.stop()

    def ended() -> bool:
        with acting_as("omega_worker"):
            return MetricSeries.objects.filter(
                node=agent.node, metric_type="node_load1", stale_at__isnull=False
            ).exists()

    wait_for(ended, 60)
    with acting_as("omega_worker"):
        series = MetricSeries.objects.get(node=agent.node, metric_type="node_load1")
        newest = MetricSample.objects.filter(series=series).aggregate(newest=Max("time"))["newest"]
        assert series.stale_at is not None and newest < series.stale_at
        assert MetricSeries.objects.filter(node=agent.node, metric_type="up", stale_at__isnull=False).count() == 0


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_restart_of_the_door_loses_nothing(agent: Agent, door: Portal, running: Collectors, end: str) -> None:
    wait_for(lambda: count(agent, "node_load1") >= 2, 60)
    getattr(door.running["ingest"], end)()
    before = scraped(running)
    wait_for(lambda: scraped(running) >= before + 3, 60)
    door.start("ingest")
    wanted = times(running)
    assert len(wanted) > 3

    wait_for(lambda: wanted <= stored_times(agent), 60)


def scraped(running: Collectors) -> int:
    """Return how often Prometheus has scraped node_exporter."""
    [found] = running.ask('count_over_time(node_load1{job="node"}[1h])')
    return int(found["value"][1])


def times(running: Collectors) -> set[float]:
    """Return the times of all scrapes, to the millisecond."""
    [found] = running.ask('node_load1{job="node"}[1h]')
    return {round(float(at), 3) for at, _ in found["values"]}


def stored_times(agent: Agent) -> set[float]:
    with acting_as("omega_worker"):
        found = MetricSample.objects.filter(series__node=agent.node, series__metric_type="node_load1")
        return {round(at.timestamp(), 3) for at in found.values_list("time", flat=True)}
