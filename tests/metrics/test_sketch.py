"""Sketches say what share of the samples lies below a value, within a hundredth; the database makes the same bytes."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.metrics.sketch import (
    DAY_POINTS,
    HOUR_POINTS,
    count,
    merge,
    quantile,
    quantiles_by_subject,
    sketch,
    values_and_weights,
)

FRACTIONS = (0.0, 0.05, 0.5, 0.9, 0.95, 0.99, 1.0)
VALUES = st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=400)
Hours = Sequence[Sequence[float]]


def rank_error(values: Sequence[float], answer: float, fraction: float) -> float:
    """Return by what share of the samples an answer misses the rank asked for; between two of them is a hit."""
    ordered = np.sort(np.asarray(values, np.float32).astype(float))
    place = fraction * (len(ordered) - 1)
    first, last = np.searchsorted(ordered, answer, "left"), np.searchsorted(ordered, answer, "right") - 1
    if last < first:
        first, last = last, first
    return float(max(first - place, place - last, 0) / len(ordered))


def of_hours(hours: Hours, capacity: int = HOUR_POINTS) -> bytes:
    """Return the sketches of hours one after another, as readers fetch them."""
    return b"".join(sketch(hour, capacity, number) for number, hour in enumerate(hours))


@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=HOUR_POINTS))
def test_few_values_are_kept_and_answer_as_the_exact_percentile_does(values: list[float]) -> None:
    found = [quantile(sketch(values), fraction) for fraction in FRACTIONS]

    assert found == pytest.approx([np.percentile(values, 100 * fraction) for fraction in FRACTIONS], rel=1e-6, abs=1e-6)


@given(values=VALUES, phase=st.integers(0, 9))
def test_many_values_are_off_by_half_a_block_at_most(values: list[float], phase: int) -> None:
    made = sketch(values, HOUR_POINTS, phase)
    points, weights = values_and_weights(made)
    allowed = 1 / (2 * len(points)) + 1.5 / len(values)

    assert len(made) <= 3 + 4 * HOUR_POINTS and set(points.tolist()) <= set(np.float32(values).tolist())
    assert abs(int(weights.sum()) - len(values)) <= max(weights[0] / 2, 0)
    for fraction in FRACTIONS:
        assert rank_error(values, quantile(made, fraction), fraction) <= (allowed if weights[0] > 1 else 1e-9)


def a_day(kind: str, seed: int) -> Hours:
    """Return 24 hours of samples once a minute."""
    random = np.random.default_rng(seed)
    minutes = np.arange(1440).reshape(24, 60)
    return {
        "noise": random.normal(50, 10, (24, 60)),
        "skewed": random.pareto(1.1, (24, 60)),
        "daily wave": 50 + 40 * np.sin(minutes / 229.2) + random.normal(0, 2, (24, 60)),
        "random walk": random.normal(0, 1, 1440).cumsum().reshape(24, 60),
        "every hour the same": np.tile(random.permutation(60), (24, 1)),
        "ever rising": minutes,
        "ever falling": -minutes,
        "two values": (random.random((24, 60)) < 0.95) * 100.0,
        "one value": np.zeros((24, 60)),
        "spikes": np.where(minutes % 60 < 4, 100.0, random.random((24, 60))),
        "interleaved": minutes.T.reshape(24, 60),
    }[kind].tolist()


KINDS = ("noise", "skewed", "daily wave", "random walk", "every hour the same", "ever rising", "ever falling")
KINDS += ("two values", "one value", "spikes", "interleaved")


@pytest.mark.parametrize("kind", KINDS)
def test_day_of_minutes_is_within_a_hundredth_at_every_fraction(kind: str) -> None:
    worst = 0.0
    for seed in range(8):
        day = a_day(kind, seed)
        flat = [value for hour in day for value in hour]
        for fraction in np.linspace(0, 1, 41):
            worst = max(worst, rank_error(flat, quantile(of_hours(day), float(fraction)), float(fraction)))

    assert worst <= 0.01


@settings(max_examples=200)
@given(
    sizes=st.lists(st.sampled_from([60, 101, 120, 201, 240, 402, 720]) | st.integers(1, 900), min_size=1, max_size=5),
    seed=st.integers(0, 2**32 - 1),
    distinct=st.sampled_from([2, 70, 10**6]),
    is_repeated=st.booleans(),
)
def test_hours_together_are_within_a_hundredth_however_dense_their_samples_are(
    sizes: list[int], seed: int, distinct: int, is_repeated: bool
) -> None:
    random = np.random.default_rng(seed)
    hours = [random.integers(0, distinct, size).astype(float).tolist() for size in sizes]
    hours = hours[:1] * len(hours) if is_repeated else hours
    flat = [value for hour in hours for value in hour]

    assert max(rank_error(flat, quantile(of_hours(hours), fraction), fraction) for fraction in FRACTIONS) <= 0.01


@given(days=st.lists(st.lists(st.floats(0, 100, width=32), min_size=257, max_size=1440), min_size=1, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.large_base_example])
def test_days_are_within_half_a_hundredth_whatever_they_hold(days: list[list[float]]) -> None:
    flat = [value for day in days for value in day]
    made = of_hours(days, DAY_POINTS)

    assert max(rank_error(flat, quantile(made, fraction), fraction) for fraction in FRACTIONS) <= 0.0083


@given(subjects=st.lists(st.lists(VALUES, max_size=4), min_size=1, max_size=6))
def test_many_subjects_at_once_answer_as_each_alone(subjects: list[list[list[float]]]) -> None:
    made = [of_hours(hours) for hours in subjects]
    together = quantiles_by_subject(made, FRACTIONS)

    for row, each in zip(together, made, strict=True):
        points, weights = values_and_weights(each)
        samples = np.repeat(points, weights).astype(float)
        expected = [np.percentile(samples, 100 * f) if samples.size else np.nan for f in FRACTIONS]
        assert row.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)


def test_uniform_subjects_of_full_hours_answer_as_each_alone() -> None:
    made = [of_hours(a_day("noise", seed)) for seed in range(5)]
    alone = [[quantile(each + sketch([]), fraction) for fraction in FRACTIONS] for each in made]

    assert quantiles_by_subject(made, FRACTIONS).tolist() == alone


def test_merged_sketches_are_a_sketch_of_all() -> None:
    day = a_day("daily wave", 1)
    flat = [value for hour in day for value in hour]
    merged = merge(of_hours(day))

    assert len(merged) <= 3 + 4 * DAY_POINTS and count(merged) == 1440
    assert max(rank_error(flat, quantile(merged, fraction), fraction) for fraction in FRACTIONS) <= 0.01


def test_nothing_has_no_quantile_and_no_bytes() -> None:
    assert (sketch([]), sketch([float("nan")]), count(b""), merge(b"")) == (b"", b"", 0, b"")
    assert np.isnan(quantiles_by_subject([b"", sketch([1.0])], [0.5])[:, 0]).tolist() == [True, False]
    assert quantiles_by_subject([], [0.5]).shape == (0, 1)


@pytest.mark.parametrize("broken", [b"\x00", b"\x00\x00\x01\x00", b"\xff\x00\x01\x00\x00\x00\x00"])
def test_other_bytes_are_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="sketch"):
        quantile(broken, 0.5)


@pytest.mark.django_db
@pytest.mark.data_layer
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.none() | st.floats(width=64, allow_nan=True, allow_infinity=True), max_size=300),
    capacity=st.sampled_from([HOUR_POINTS, DAY_POINTS, 5]),
    phase=st.integers(0, 500_000),
)
def test_database_makes_the_same_bytes(values: list[float | None], capacity: int, phase: int, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sketch_of(%s::double precision[], %s, %s)", [values, capacity, phase])
        made = cursor.fetchone()[0]

    assert (made or b"") == sketch([value for value in values if value is not None], capacity, phase)


@pytest.mark.django_db
@pytest.mark.data_layer
def test_people_make_and_read_sketches_in_sql() -> None:
    values = [Random(5).gauss(50, 20) for _ in range(500)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sketch(32) WITHIN GROUP (ORDER BY value) || sketch(256) WITHIN GROUP (ORDER BY value)"
            " FROM unnest(%s::real[]) AS value",
            [values],
        )
        made = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT approx_percentile(0.9, %s), approx_percentile(0.5, ''::bytea)", [made])
        answered = cursor.fetchone()

    assert made == sketch(values, 32) + sketch(values, 256)
    assert answered == (pytest.approx(quantile(made, 0.9)), None)
