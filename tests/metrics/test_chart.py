"""A chart says what was measured, shows what was not, and is the same from samples and from the roll-up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.metrics.queries import Answer, Point, Query, Selector
from apps.metrics.selectors.query import run
from apps.metrics.selectors.query_plan import NICE_STEPS, ceiling, floor, nice_step
from apps.metrics.selectors.retention_policy import retention_of
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from tests import make
from tests.metrics.conftest import Store

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)
HOUR = timedelta(hours=1)


def every(step: timedelta, count: int, start: datetime = START) -> dict[datetime, dict[str, float | None]]:
    """Return evenly spaced samples with the values 0, 1, 2, … 99, 0, …"""
    return {start + n * step: {"cpu_percent": float(n % 100)} for n in range(count)}


def series(node: Node, metric: str, start: datetime, end: datetime, max_points: int = 600) -> Answer:
    """Ask for what a chart of one vital of one node shows."""
    asked = Query(metric, start, end, Selector(nodes=(node.pk,)), max_points=max_points, band=True)
    return run(asked, datetime.now(UTC))


def points(found: Answer) -> list[Point]:
    """Return the points of the one series that was asked for."""
    return found.series[0].points


def drawn(found: Answer) -> dict[datetime, tuple[float | None, float | None, float | None]]:
    """Return (average, least, most) of the points that are not gaps."""
    return {p.at: (p.value, p.minimum, p.maximum) for p in points(found) if p.value is not None}


def steps_between(start: datetime, end: datetime, step: int) -> list[datetime]:
    """Return the starts of the steps that cover [start, end)."""
    width = timedelta(seconds=step)
    first = floor(start, width)
    return [first + n * width for n in range((ceiling(end, width) - first) // width)]


def by_hand(samples: Mapping[datetime, Mapping[str, Any]], step: int) -> dict[datetime, object]:
    """Compute the points from the samples themselves."""
    found = {}
    for at in steps_between(min(samples), max(samples) + timedelta(microseconds=1), step):
        inside = [
            vitals["cpu_percent"] for time, vitals in samples.items() if at <= time < at + timedelta(seconds=step)
        ]
        if inside:
            found[at] = pytest.approx((mean(inside), min(inside), max(inside)), rel=1e-5)
    return found


@given(st.integers(1, 732 * 86400), st.integers(2, 5000), st.integers(1, 7200))
def test_step_is_the_smallest_round_one_that_fits(seconds: int, max_points: int, least: int) -> None:
    span = timedelta(seconds=seconds)
    step = nice_step(span, max_points, least=least)

    assert step >= least
    assert seconds / step <= max_points
    assert step in NICE_STEPS or step % 86400 == 0
    smaller = [nice for nice in NICE_STEPS if least <= nice < step]
    assert all(seconds / nice > max_points for nice in smaller)


@given(st.integers(0, 10**7), st.integers(1, 10**6), st.sampled_from(NICE_STEPS))
def test_steps_cover_the_span_without_gap_or_overlap(after: int, seconds: int, step: int) -> None:
    start = START + timedelta(seconds=after)
    end = start + min(timedelta(seconds=seconds), timedelta(seconds=2000 * step))
    found = steps_between(start, end, step)

    assert found[0] <= start < found[0] + timedelta(seconds=step)
    assert found[-1] < end <= found[-1] + timedelta(seconds=step)
    assert {later - earlier for earlier, later in pairwise(found)} <= {timedelta(seconds=step)}


@pytest.mark.django_db
@pytest.mark.data_layer
def test_chart_of_an_hour_is_drawn_from_samples(store: Store) -> None:
    node, samples = make.node(), every(timedelta(seconds=10), 360)
    store(node, samples)

    found = series(node, "cpu_percent", START, START + HOUR, max_points=60)

    assert (found.source, found.step_seconds, found.series[0].unit, len(points(found))) == ("raw", 60, "%", 60)
    assert drawn(found) == by_hand(samples, 60)


@pytest.mark.django_db
@pytest.mark.data_layer
def test_outage_is_a_gap_and_nothing_is_invented_around_it(store: Store) -> None:
    node = make.node()
    minute = timedelta(minutes=1)
    store(node, every(minute, 20) | every(minute, 20, START + 40 * minute))

    found = series(node, "cpu_percent", START, START + HOUR, max_points=30)

    gaps = [point for point in points(found) if point.value is None]
    assert gaps == [Point(START + n * 2 * minute, None, None, None) for n in range(10, 20)]


@pytest.mark.django_db
def test_vital_the_machine_does_not_have_is_all_gap(store: Store) -> None:
    node = make.node()
    store(node, every(timedelta(minutes=1), 60))

    found = series(node, "gpu_temp", START, START + HOUR)

    assert drawn(found) == {}
    assert len(points(found)) > 10


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "step"), [(10, 20), (60, 120), (300, 600), (7, 15)])
def test_step_is_twice_the_distance_of_samples_so_that_only_a_missing_one_shows(
    seconds: int, step: int, store: Store
) -> None:
    node = make.node()
    store(node, every(timedelta(seconds=seconds), 60, START + HOUR))
    end = START + HOUR + timedelta(seconds=60 * seconds)

    found = series(node, "cpu_percent", START + HOUR, end, max_points=5000)

    assert found.step_seconds == step
    assert [point for point in points(found) if point.value is None] == []


@pytest.mark.django_db
@pytest.mark.data_layer
@pytest.mark.parametrize("max_points", [73, 37, 25, 7])
def test_roll_up_draws_the_same_as_the_samples_would(max_points: int, store: Store) -> None:
    node = make.node()
    samples = every(timedelta(minutes=20), 3 * 72)
    uneven = {at: vitals for n, (at, vitals) in enumerate(samples.items()) if n % 7 and not 30 < n < 50}
    store(node, uneven)

    found = series(node, "cpu_percent", START, START + 73 * HOUR, max_points=max_points)

    assert found.source == "hourly"
    assert drawn(found) == by_hand(uneven, found.step_seconds)


@pytest.mark.django_db
def test_two_days_are_samples_and_a_moment_more_is_the_roll_up() -> None:
    node = make.node()
    day = timedelta(days=1)

    assert series(node, "cpu_percent", START, START + 2 * day).source == "raw"
    assert series(node, "cpu_percent", START, START + 2 * day + timedelta(seconds=1)).source == "hourly"


@pytest.mark.django_db
def test_what_lies_before_the_kept_samples_is_the_roll_up() -> None:
    node, oldest = make.node(), datetime.now(UTC) - timedelta(days=retention_of()["usage_metrics"].keep_days)

    assert series(node, "cpu_percent", oldest - HOUR, oldest + HOUR).source == "hourly"
    assert series(node, "cpu_percent", oldest + HOUR, oldest + 2 * HOUR).source == "raw"


@pytest.mark.django_db
@pytest.mark.data_layer
@pytest.mark.parametrize("max_points", [100, 10])
def test_roll_up_from_the_middle_of_a_step_begins_with_no_gap(max_points: int, store: Store) -> None:
    node = make.node()
    store(node, every(timedelta(minutes=20), 3 * 72))

    found = series(node, "cpu_percent", START + HOUR / 2, START + 71 * HOUR, max_points=max_points)

    assert (found.source, points(found)[0].at) == ("hourly", START)
    assert [point for point in points(found) if point.value is None] == []


@pytest.mark.django_db
def test_span_takes_its_start_leaves_its_end_and_shows_nobody_elses(store: Store) -> None:
    node, other = make.node(), make.node()
    moment = timedelta(microseconds=1)
    inside = [START, *(START + n * timedelta(minutes=5) for n in range(1, 12)), START + HOUR - moment]
    store(node, {at: {"cpu_percent": float(n)} for n, at in enumerate(inside, start=1)})
    store(node, {at: {"cpu_percent": 99.0} for at in (START - moment, START + HOUR)})
    store(other, {START: {"cpu_percent": 98.0}})

    found = drawn(series(node, "cpu_percent", START, START + HOUR, max_points=2))

    assert [(low, high) for _, low, high in found.values()] == [(1.0, 6.0), (7.0, 13.0)]


@pytest.mark.django_db
def test_times_are_told_in_utc_whatever_zone_was_asked_in(store: Store) -> None:
    node = make.node()
    store(node, every(timedelta(minutes=1), 60))
    kathmandu = START.astimezone(timezone(timedelta(hours=5, minutes=45)))

    found = series(node, "cpu_percent", kathmandu, kathmandu + HOUR)

    assert (points(found)[0].at, points(found)[0].value) == (START, 0.5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metric": "cpu_percent; DROP TABLE nodes"}, "metric"),
        ({"metric": "node"}, "metric"),
        ({"end": START}, "end"),
        ({"end": START - HOUR}, "end"),
        ({"end": START + timedelta(days=733)}, "start"),
        ({"start": datetime(1, 1, 1, tzinfo=UTC), "end": datetime(1, 1, 2, tzinfo=UTC)}, "start"),
        ({"start": datetime(9999, 12, 30, tzinfo=UTC), "end": datetime(9999, 12, 31, tzinfo=UTC)}, "end"),
        ({"max_points": 1}, "max_points"),
        ({"max_points": 5001}, "max_points"),
    ],
)
def test_what_cannot_be_drawn_is_named(change: dict[str, Any], field: str) -> None:
    wanted = {"metric": "cpu_percent", "start": START, "end": START + HOUR} | change

    with pytest.raises(Invalid) as refusal:
        series(make.node(), **wanted)

    assert refusal.value.field == field


@pytest.mark.django_db
@pytest.mark.parametrize("metric", VITALS)
def test_every_vital_can_be_drawn_from_both(metric: str) -> None:
    node: Node = make.node()

    for hours in (1, 1000):
        assert series(node, metric, START, START + hours * HOUR, 10).series[0].unit == VITALS[metric].unit
