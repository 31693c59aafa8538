"""What is usual at an hour of the week: known answers, gaps, constants, and what holds for any series."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.baselines import (
    MOST_SCORE,
    SLOTS,
    Change,
    Hours,
    baseline,
    hour_of_week,
    percentiles,
    spread,
    sudden_change,
    z_score,
)

finite = st.floats(-1e9, 1e9)
row = st.tuples(st.integers(0, SLOTS - 1), finite, st.integers(1, 360))
some_hours = st.lists(row, min_size=1, max_size=60)


def weeks(count: int, mean: float = 10.0, busy: float = 90.0) -> Hours:
    """Return weeks that are quiet but for Mondays at nine, with a little noise that is the same every time."""
    rows = [(slot, (busy if slot == 9 else mean) + week % 3, 360.0) for week in range(count) for slot in range(SLOTS)]
    return Hours.of(rows)


def test_spread_is_the_one_of_the_manual() -> None:
    # The primes of NIST's example; values of no weight are not there.
    found = spread(np.array([2.0, 3, 11, 13, 17, 19]), np.array([1.0, 1, 4, 1, 2, 1]))
    assert (found.deviation, found.hours, found.count) == (pytest.approx(5.82, abs=0.005), 6, 10)


def test_monday_at_nine_is_busy_and_that_is_usual() -> None:
    usual = baseline(weeks(4))
    assert usual.has_enough
    assert z_score(91.0, 9, usual) == pytest.approx(0.0, abs=0.5)
    assert (z_score(91.0, 10, usual) or 0) > 50
    assert (z_score(11.0, 9, usual) or 0) < -50


def test_little_data_is_no_baseline() -> None:
    few = baseline(Hours.of([(slot, 1.0, 1.0) for slot in range(71)]))
    assert (few.has_enough, few.usual(3), z_score(5.0, 3, few)) == (False, None, None)
    assert baseline(Hours.of([])).overall is None


def test_hour_known_from_two_weeks_is_judged_by_all_hours() -> None:
    usual = baseline(weeks(2))
    assert usual.usual(9) == usual.overall
    assert baseline(weeks(3)).usual(9) != usual.overall


def test_constant_series_calls_any_other_value_unusual_and_no_rounding() -> None:
    usual = baseline(Hours.of([(slot, 33.3, 1.0) for slot in range(SLOTS)] * 3))
    assert z_score(float(np.float32(33.3)), 5, usual) == 0.0
    assert (z_score(34.0, 5, usual), z_score(33.0, 5, usual)) == (MOST_SCORE, -MOST_SCORE)
    nothing = baseline(Hours.of([(slot, 0.0, 1.0) for slot in range(SLOTS)] * 3))
    assert (z_score(0.0, 5, nothing), z_score(1.0, 5, nothing)) == (0.0, MOST_SCORE)


def test_rows_that_say_nothing_are_left_out() -> None:
    assert len(Hours.of([(1, float("nan"), 5.0), (2, 1.0, 0.0), (3, float("inf"), 1.0), (4, 1.0, 1.0)])) == 1


def test_change_is_seen_where_the_middle_leaves_the_band() -> None:
    before = Hours.of([(n % SLOTS, float(n % 20), 1.0) for n in range(100)])
    for level, change in ((30.0, Change.HIGHER), (10.0, Change.NONE), (-5.0, Change.LOWER)):
        assert sudden_change(Hours.of([(0, level, 1.0)] * 6), before) is change
    assert sudden_change(Hours.of([(0, 30.0, 1.0)] * 4), before) is Change.UNKNOWN


def test_week_begins_on_monday_at_midnight() -> None:
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    assert [hour_of_week(monday + timedelta(hours=n)) for n in (0, 9, 167, 168)] == [0, 9, 167, 0]


@given(some_hours)
def test_percentiles_are_values_in_order_within_the_extremes(rows: list[tuple[int, float, int]]) -> None:
    whole = baseline(Hours.of(rows)).overall
    assert whole is not None
    values = [value for _, value, _ in rows]
    assert {whole.p5, whole.p50, whole.p95} <= set(values)
    assert min(values) <= whole.p5 <= whole.p50 <= whole.p95 <= max(values)
    assert min(values) <= whole.mean <= max(values)
    assert whole.deviation >= 0
    assert whole.count == sum(count for *_, count in rows)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 5)), min_size=1, max_size=20), st.floats(0.01, 0.99))
def test_weight_is_as_good_as_repetition(pairs: list[tuple[int, int]], fraction: float) -> None:
    values, weights = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    repeated = np.repeat(values, weights.astype(int))
    assert percentiles(values, weights, (fraction,)) == percentiles(repeated, np.ones(len(repeated)), (fraction,))


@given(some_hours, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows: list[tuple[int, float, int]], chance: Random) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    one, other = baseline(Hours.of(rows)), baseline(Hours.of(shuffled))
    assert one.slots.keys() == other.slots.keys()
    assert one.overall is not None
    assert other.overall is not None
    assert one.overall.p50 == other.overall.p50
    assert one.overall.mean == pytest.approx(other.overall.mean, rel=1e-9, abs=1e-3)


@given(some_hours, finite, st.integers(0, 167))
def test_score_is_bounded_and_points_the_right_way(rows: list[tuple[int, float, int]], value: float, slot: int) -> None:
    usual = baseline(Hours.of(rows * 72))
    known, score = usual.usual(slot), z_score(value, slot, usual)
    assert known is not None
    assert score is not None
    assert abs(score) <= MOST_SCORE
    assert score == 0 or (score > 0) == (value > known.mean)
