"""Which storage answers which part of a span, and what is too much."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.metrics.queries import Aggregation, Query, Selector, Source, Window
from apps.metrics.selectors.query_check import check
from apps.metrics.selectors.query_plan import (
    DAY,
    HOUR,
    NICE_STEPS,
    ORIGIN,
    SETTLING,
    Kept,
    Plan,
    check_cost,
    floor,
    is_short,
    nice_step,
    plan_series,
    plan_window,
)

NOW = datetime(2026, 5, 20, 10, 30, tzinfo=UTC)
KEPT = Kept(NOW - timedelta(days=365), has_days=True, has_rollups=True)
SECOND = timedelta(seconds=1)
moments = st.integers(0, 700 * 86400).map(lambda seconds: NOW - seconds * SECOND)
spans = st.tuples(moments, moments).filter(lambda pair: pair[0] != pair[1]).map(sorted)


def edges(plan: Plan) -> list[datetime]:
    return [plan.start, plan.finer_from, plan.rolled_from, plan.rolled_until, plan.finer_until, plan.end]


@given(spans, st.booleans(), st.sampled_from(Aggregation))
def test_parts_of_a_window_follow_one_another_and_only_whole_finished_buckets_are_rolled_up(
    span: list[datetime], has_rollups: bool, aggregation: Aggregation
) -> None:
    kept = Kept(KEPT.since, has_days=has_rollups, has_rollups=has_rollups)

    plan = plan_window(Window("cpu_percent", *span, aggregation=aggregation), NOW, kept)

    assert edges(plan) == sorted(edges(plan))
    assert plan.start <= span[0] and plan.end >= span[1]
    assert (plan.start, plan.end) == tuple(span) or span[0] < kept.since
    if plan.finer_from < plan.finer_until:
        assert (plan.finer_from - ORIGIN) % HOUR == (plan.finer_until - ORIGIN) % HOUR == timedelta(0)
        assert plan.finer_until <= NOW - SETTLING
    if plan.rolled_from < plan.rolled_until:
        assert (plan.rolled_from - ORIGIN) % DAY == (plan.rolled_until - ORIGIN) % DAY == timedelta(0)
        assert plan.rolled_until + DAY <= NOW
    assert has_rollups or plan.source is Source.RAW


@given(spans, st.none() | st.sampled_from([3600, 7200, 86400, 3 * 86400]), st.integers(2, 5000))
def test_parts_of_a_series_follow_one_another_and_hold_whole_steps(
    span: list[datetime], step: int | None, points: int
) -> None:
    query = Query("cpu_percent", *span, step=step, max_points=points)

    plan = plan_series(query, NOW, KEPT, cadence=60)

    assert edges(plan) == sorted(edges(plan))
    assert plan.start <= span[0] < plan.start + plan.step
    assert plan.end - plan.step < span[1] <= plan.end
    assert plan.steps[0] == plan.start and plan.steps[-1] + plan.step == plan.end
    assert step is not None or len(plan.steps) <= points + 1
    assert plan.source is not Source.HOURLY or plan.step % HOUR == timedelta(0)
    assert plan.source is not Source.DAILY or plan.step % DAY == timedelta(0)
    assert plan.source is not Source.RAW or span[0] >= KEPT.since


FORGETFUL = Kept(KEPT.since, has_days=True, has_rollups=True, sketches_since=floor(NOW - 90 * DAY, DAY))


@given(spans)
def test_percentile_of_a_window_reads_no_hours_whose_sketches_are_gone(span: list[datetime]) -> None:
    plan = plan_window(Window("cpu_percent", *span, aggregation=Aggregation.P95), NOW, FORGETFUL)

    assert edges(plan) == sorted(edges(plan)) and plan.start <= span[0] and plan.end >= span[1]
    hours = [(plan.finer_from, plan.rolled_from), (plan.rolled_until, plan.finer_until)]
    assert all(start == end or start >= FORGETFUL.sketches_since for start, end in hours)


@given(spans, st.none() | st.sampled_from([3600, 7200, 86400, 3 * 86400]), st.integers(2, 5000))
def test_percentiles_of_a_series_read_no_hours_whose_sketches_are_gone_or_are_refused(
    span: list[datetime], step: int | None, points: int
) -> None:
    query = Query("cpu_percent", *span, step=step, max_points=points, aggregation=Aggregation.P95)
    if step == 7200 and span[0] < FORGETFUL.sketches_since and not is_short(*span, FORGETFUL):
        with pytest.raises(Invalid, match="kept since 2026-02-19") as refusal:
            plan_series(query, NOW, FORGETFUL, cadence=60)
        assert (refusal.value.code, refusal.value.field) == ("step_too_fine", "step")
        return

    plan = plan_series(query, NOW, FORGETFUL, cadence=60)

    hours = [(plan.finer_from, plan.rolled_from), (plan.rolled_until, plan.finer_until)]
    assert plan.step == HOUR or all(start == end or start >= FORGETFUL.sketches_since for start, end in hours)


@given(st.integers(1, 732 * 86400), st.integers(2, 5000), st.integers(1, 7200))
def test_chosen_step_is_the_smallest_round_one_that_fits(seconds: int, points: int, least: int) -> None:
    step = nice_step(seconds * SECOND, points, least=least)

    assert step >= least and seconds / step <= points
    assert step in NICE_STEPS or step % 86400 == 0
    assert all(seconds / nice > points for nice in NICE_STEPS if least <= nice < step)


@pytest.mark.parametrize(
    ("hours", "step", "source"),
    [(1, None, "raw"), (48, None, "raw"), (49, None, "hourly"), (24, 3600, "hourly"), (24, 600, "raw"),
     (24 * 30, 86400, "daily"), (24 * 30, 3 * 86400, "daily"), (24 * 30, 7200, "hourly"), (24 * 30, 600, "raw")],
)  # fmt: skip
def test_short_spans_are_samples_long_ones_hours_and_very_long_ones_days(
    hours: int, step: int | None, source: str
) -> None:
    query = Query("cpu_percent", NOW - hours * HOUR, NOW, step=step)

    assert plan_series(query, NOW, KEPT, cadence=10).source == source


def test_newest_hours_are_samples_until_their_roll_up_must_be_there() -> None:
    just_after = datetime(2026, 5, 20, 10, 9, tzinfo=UTC)
    query = Query("cpu_percent", just_after - 3 * DAY, just_after)

    assert plan_series(query, just_after, KEPT, 60).finer_until == datetime(2026, 5, 20, 9, tzinfo=UTC)
    assert plan_series(query, just_after + 60 * SECOND, KEPT, 60).finer_until == datetime(2026, 5, 20, 10, tzinfo=UTC)


def test_fine_steps_of_what_is_no_longer_kept_are_refused_with_the_day_it_is_kept_since() -> None:
    old = KEPT.since - DAY

    with pytest.raises(Invalid) as refusal:
        plan_series(Query("cpu_percent", old, old + HOUR, step=60), NOW, KEPT, 60)

    assert (refusal.value.code, refusal.value.field) == ("step_too_fine", "step")
    assert f"{KEPT.since:%F}" in refusal.value.detail


@pytest.mark.parametrize(
    ("query", "subjects", "number"),
    [
        (Query("cpu_percent", NOW - HOUR, NOW, step=10), 1000, "360,000"),
        (Query("cpu_percent", NOW - 2 * DAY, NOW, step=600), 1000, "17,280,000"),
        (Query("cpu_percent", NOW - HOUR, NOW, step=600), 20_001, "20,000"),
    ],
)
def test_what_costs_too_much_is_refused_with_the_numbers(query: Query, subjects: int, number: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_cost(plan_series(query, NOW, KEPT, cadence=10), subjects, cadence=10)

    assert refusal.value.code == "too_expensive"
    assert number in refusal.value.detail


def test_a_day_of_a_large_fleet_is_affordable_because_hours_are_rolled_up() -> None:
    plan = plan_window(Window("cpu_percent", NOW - DAY, NOW), NOW, KEPT)

    check_cost(plan, 10_000, cadence=60)
    with pytest.raises(Invalid):
        check_cost(plan_window(Window("cpu_percent", NOW - DAY, NOW), NOW, Kept(KEPT.since, False, False)), 10_000, 60)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metric": ""}, "metric"),
        ({"metric": "x" * 101}, "metric"),
        ({"metric": "a\x00b"}, "metric"),
        ({"start": NOW.replace(tzinfo=None)}, "start"),
        ({"end": NOW - HOUR}, "end"),
        ({"start": NOW - 733 * DAY}, "start"),
        ({"start": datetime(1999, 1, 1, tzinfo=UTC)}, "start"),
        ({"end": datetime(2100, 1, 2, tzinfo=UTC), "start": datetime(2099, 12, 31, tzinfo=UTC)}, "end"),
        ({"step": 0}, "step"),
        ({"step": 10**9}, "step"),
        ({"max_points": 1}, "max_points"),
        ({"top": 0}, "top"),
        ({"top": 20_001}, "top"),
        ({"aggregation": Aggregation.RATE}, "aggregation"),
        ({"labels": {f"l{n}": "" for n in range(21)}}, "label"),
        ({"labels": {"a": "\ud800"}}, "label"),
        ({"selector": Selector(tags=("\x00",))}, "tag"),
        ({"selector": Selector(labels={"a": "\x00"})}, "node_label"),
        ({"selector": Selector(region="\x00")}, "region"),
        ({"selector": Selector(nodes=tuple(uuid4() for _ in range(5001)))}, "node"),
        ({"by": ("\x00",)}, "by"),
    ],
)
def test_what_cannot_be_asked_is_named(change: dict[str, object], field: str) -> None:
    usual: dict[str, object] = {"metric": "cpu_percent", "start": NOW - HOUR, "end": NOW}

    with pytest.raises(Invalid) as refusal:
        check(Query(**(usual | change)))  # type: ignore[arg-type]

    assert refusal.value.field == field
