"""However scrapes arrive, the vitals are those that all samples together tell, each scrape once."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from apps.metrics.exporters import Row, rows_of
from apps.metrics.models import MetricSample, MetricSeries, UsageMetric
from apps.metrics.scrapes import Track
from apps.metrics.services import derive_vitals
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
START = (datetime.now(UTC) - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
STEP, LATEST, COUNT = 15, 45, 30
WHO = {"instance": "localhost:9100", "job": "node"}
PARTS: tuple[dict[str, tuple[tuple[str, dict[str, str]], ...]], ...] = (
    {
        "cpu": tuple(
            ("node_cpu_seconds_total", {"cpu": cpu, "mode": mode})
            for cpu in "01"
            for mode in ("idle", "user", "iowait")
        ),
        "memory": (("node_memory_MemTotal_bytes", {}), ("node_memory_MemAvailable_bytes", {})),
        "wires": tuple(("node_network_receive_bytes_total", {"device": name}) for name in ("eth0", "eth1", "lo")),
        "load": (("node_load1", {}),),
    },
    {"disk": tuple(("node_disk_read_bytes_total", {"device": name}) for name in ("sda", "sdb"))},
)
Sample = tuple[float, str, dict[str, str], float]
Arrival = tuple[float, list[Sample]]


def arrivals(chance: random.Random) -> list[Arrival]:
    """Return requests by the second they come: parts are late or missing, counters restart."""
    found: list[Arrival] = []
    counters: dict[str, float] = {}
    gap = chance.randrange(5, COUNT)
    for n in range(COUNT):
        at = STEP * n + (400 if n > gap else 0)
        if chance.random() < 0.05:
            counters.clear()
        if chance.random() < 0.1:
            continue
        for name, series in {**PARTS[0], **(PARTS[1] if n % 4 == 0 else {})}.items():
            if chance.random() < 0.03:
                continue
            late = chance.uniform(0, LATEST) if chance.random() < 0.15 else 0.0
            found.append(
                (at + late, [_sample(at, metric, labels, counters, chance, name) for metric, labels in series])
            )
    return sorted(found, key=lambda one: one[0])


def _sample(
    at: float, metric: str, labels: dict[str, str], counters: dict[str, float], chance: random.Random, part: str
) -> Sample:
    """Return the next value of a series."""
    key = f"{metric}{sorted(labels.items())}"
    if part == "memory":
        return at, metric, labels, 8e9 if "Total" in metric else chance.uniform(0, 8e9)
    counters[key] = counters.get(key, 0.0) + chance.uniform(0, 15) * (1 if part in ("cpu", "load") else 1e6)
    return at, metric, labels, counters[key]


def store(node: Node, samples: list[Sample], heard_at: datetime) -> None:
    """Store a request as the door does."""
    with acting_as("omega_worker"):
        for at, metric, labels, value in samples:
            series, _ = MetricSeries.objects.get_or_create(
                tenant=node.tenant, node=node, metric_type=metric, labels=WHO | labels
            )
            MetricSample.objects.create(series=series, time=START + timedelta(seconds=at), value=value)
    Node.objects.filter(pk=node.pk).update(collected_at=heard_at)


def expected(found: list[Arrival]) -> list[Row]:
    """Return what all samples together tell, by the plain reading of whole tracks."""

    def key(sample: Sample) -> Any:
        return sample[1], sorted(sample[2].items())

    every = sorted((sample for _, samples in found for sample in samples), key=lambda one: (key(one), one[0]))
    tracks = []
    for _, group in groupby(every, key=key):
        one = list(group)
        times = [START.timestamp() + at for at, *_ in one]
        tracks.append(Track(one[0][1], WHO | one[0][2], times, [value for *_, value in one]))
    return rows_of(tracks, "web-1", 0)


def stored(node: Node) -> Iterator[tuple[float, dict[str, float | None]]]:
    """Return the node's vitals by time."""
    with acting_as("omega_worker"):
        for one in UsageMetric.objects.filter(node=node).order_by("timestamp"):
            yield one.timestamp.timestamp(), {name: getattr(one, name) for name in VITALS}


@pytest.mark.parametrize("seed", range(12))
def test_vitals_are_those_of_all_samples_in_whatever_order_they_come(seed: int) -> None:
    chance = random.Random(seed)
    node = make.node(hostname="web-1", collected_at=START)
    found = arrivals(chance)
    for number, (comes, samples) in enumerate(found):
        heard_at = START + timedelta(seconds=comes, microseconds=number)
        store(node, samples, heard_at)
        if chance.random() < 0.6:
            with acting_as("omega_worker"):
                derive_vitals(now=heard_at + timedelta(seconds=chance.uniform(0, 3)))
    with acting_as("omega_worker"):
        for later in (30, 31):
            derive_vitals(now=START + timedelta(seconds=found[-1][0] + later))
    wanted = expected(found)
    have = list(stored(node))
    assert [at for at, _ in have] == [row.at for row in wanted]
    for (at, vitals), row in zip(have, wanted, strict=True):
        told = {name: pytest.approx(row.vitals[name], rel=1e-5, abs=1e-5) for name in VITALS if name in row.vitals}
        assert {name: value for name, value in vitals.items() if value is not None} == told, (seed, at)
