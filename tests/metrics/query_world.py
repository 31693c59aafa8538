"""Random samples with gaps, resets and latecomers, some rolled up and some not; and every answer worked out by hand."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pytest

from apps.accounts.services import default_tenant
from apps.metrics.models import MetricSample, MetricSeries, UsageMetric
from apps.metrics.queries import Aggregation, Answer, Query
from apps.metrics.services import queue_hours, roll_up
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.conftest import hour_of

Samples = dict[datetime, float]
Steps = dict[object, dict[datetime, float]]
MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """Nodes and series with what was stored of them; `now` is when the questions are asked."""

    now: datetime
    vitals: dict[Node, Samples] = field(default_factory=dict)
    counters: dict[MetricSeries, Samples] = field(default_factory=dict)

    def add_vitals(self, node: Node, samples: Mapping[datetime, float | None]) -> None:
        """Store values of cpu_percent, and what has none beside them, and queue their hours."""
        with acting_as("omega_worker"):
            UsageMetric.objects.bulk_create(
                UsageMetric(node=node, timestamp=at, cpu_percent=value, ram_percent=50.0)
                for at, value in samples.items()
            )
            queue_hours({(node.pk, hour_of(at)) for at in samples}, now=self.now)
        self.vitals.setdefault(node, {}).update({at: v for at, v in samples.items() if v is not None})

    def add_counts(self, series: MetricSeries, samples: Samples) -> None:
        """Store values of a series and queue their hours."""
        assert series.node_id is not None
        with acting_as("omega_worker"):
            MetricSample.objects.bulk_create(
                MetricSample(series=series, time=at, value=value) for at, value in samples.items()
            )
            queue_hours({(series.node_id, hour_of(at)) for at in samples}, now=self.now)
        self.counters.setdefault(series, {}).update(samples)


def series_of(node: Node | None, name: str = "requests_total", **columns: object) -> MetricSeries:
    """Return a new series of a node of the default tenant, a counter unless told."""
    tenant = node.tenant if node else default_tenant()
    usual = {"kind": "counter", "unit": "1", "labels": {}}
    with acting_as("omega_worker"):
        return MetricSeries.objects.create(tenant=tenant, node=node, metric_type=name, **{**usual, **columns})


def random_world(seed: int, now: datetime, days: int = 3) -> World:
    """Return three nodes, each with vitals and a counter; most hours rolled up, the newest and late ones not."""
    chance, world = random.Random(seed), World(now)
    for number in range(3):
        node = make.node(hostname=f"host-{seed}-{number}", labels={"rack": "ab"[number % 2]})
        world.add_vitals(node, _vitals(chance, now - timedelta(days=days), now))
        series = series_of(node, labels={"code": "200"})
        world.add_counts(series, _counts(chance, now - timedelta(days=days), now))
    with acting_as("omega_worker"):
        roll_up()
    for node in list(world.vitals)[:2]:
        _late(chance, world, node)
    return world


def _times(chance: random.Random, start: datetime, end: datetime) -> list[datetime]:
    """Return moments about five minutes apart, with holes of up to three hours."""
    found, at = [], start
    while at < end:
        found.append(at)
        hole = timedelta(minutes=chance.randint(30, 180)) if chance.random() < 0.02 else timedelta(0)
        at += timedelta(seconds=chance.randint(200, 400), microseconds=chance.randint(0, 999_999)) + hole
    return found


def _vitals(chance: random.Random, start: datetime, end: datetime) -> dict[datetime, float | None]:
    """Return quarters of percents, some of them missing."""
    return {at: None if chance.random() < 0.1 else chance.randint(0, 400) / 4 for at in _times(chance, start, end)}


def _counts(chance: random.Random, start: datetime, end: datetime) -> Samples:
    """Return a counter that begins anew now and then."""
    found, value = {}, 0.0
    for at in _times(chance, start, end):
        value = float(chance.randint(0, 9)) if chance.random() < 0.05 else value + chance.randint(0, 50)
        found[at] = value
    return found


def _late(chance: random.Random, world: World, node: Node) -> None:
    """Store samples of an hour long past whose roll-up was made already, and make none anew."""
    hour = hour_of(world.now) - timedelta(hours=chance.randint(12, 40))
    world.add_vitals(node, {hour + n * MINUTE + timedelta(seconds=1, microseconds=7): 99.0 + n / 4 for n in range(5)})


def by_hand(
    samples: Samples, start: datetime, end: datetime, step: timedelta, how: Aggregation
) -> dict[datetime, float]:
    """Return the aggregate of the samples in each step from `start` to `end`; steps without an answer are missing."""
    chosen = sorted((at, value) for at, value in samples.items() if start <= at < end)
    inside: dict[datetime, list[int]] = {}
    for place, (at, _) in enumerate(chosen):
        inside.setdefault(start + (at - start) // step * step, []).append(place)
    found = {at: _one(chosen, places, how) for at, places in inside.items()}
    return {at: value for at, value in found.items() if value is not None}


def _one(chosen: list[tuple[datetime, float]], places: list[int], how: Aggregation) -> float | None:
    """Return the aggregate of some of the samples; a rate also looks at the one before each."""
    values = [chosen[place][1] for place in places]
    if how is Aggregation.RATE:
        pairs = [(chosen[place - 1], chosen[place]) for place in places if place]
        growth = sum(new if new < old else new - old for (_, old), (_, new) in pairs)
        seconds = sum((later - earlier).total_seconds() for (earlier, _), (later, _) in pairs)
        return growth / seconds if seconds else None
    answers = {
        Aggregation.AVG: sum(values) / len(values),
        Aggregation.MIN: min(values),
        Aggregation.MAX: max(values),
        Aggregation.LAST: values[-1],
        Aggregation.COUNT: float(len(values)),
        Aggregation.P95: float(np.percentile(values, 95)),
    }
    return answers[how]


def told(answer: Answer) -> Steps:
    """Return the points that are no gaps, by node or series."""
    return {
        one.subject.series_id or one.subject.node_id: {p.at: p.value for p in one.points if p.value is not None}
        for one in answer.series
    }


def wanted(world: World, query: Query, answer: Answer) -> Steps:
    """Return the same, worked out from the samples."""
    step = timedelta(seconds=answer.step_seconds)
    start, end = answer.steps[0], answer.steps[-1] + step
    stored = world.vitals if query.metric == "cpu_percent" else world.counters
    return {of.pk: by_hand(samples, start, end, step, query.aggregation) for of, samples in stored.items()}


def nearly(steps: Steps) -> object:
    """Return the points to compare with: what was measured is stored exactly, sketches hold four bytes."""
    return {key: pytest.approx(points, rel=1e-6, abs=1e-9) for key, points in steps.items()}
