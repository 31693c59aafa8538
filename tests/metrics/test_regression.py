"""Lines through measurements: known answers, outliers, limits, and what holds for any points."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.regression import (
    HORIZON_DAYS,
    Fit,
    days_until,
    has_enough,
    hold_out_error,
    least_squares,
    student_t,
    theil_sen,
)

DAYS = np.arange(30.0)
FITS = [least_squares, theil_sen]
number = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))


def test_line_of_the_textbook() -> None:
    # Anscombe's first quartet: slope 0.5001, intercept 3.0001, error of the slope 0.1179, noise 1.237.
    x = np.array([10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5])
    y = np.array([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])
    line = least_squares(x, y)
    assert line is not None
    found = (line.slope, line.intercept, line.slope_error, line.noise)
    assert found == pytest.approx((0.5001, 3.0001, 0.1179, 1.2366), abs=5e-4)


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        (0.975, 1, 12.706),
        (0.95, 2, 2.920),
        (0.95, 5, 2.015),
        (0.975, 10, 2.228),
        (0.95, 28, 1.701),
        (0.975, 10**6, 1.960),
    ],
)
def test_quantiles_of_the_table(probability: float, freedom: int, expected: float) -> None:
    assert student_t(probability, freedom) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("fit", FITS)
def test_disk_that_fills_by_one_a_day_is_full_when_it_must_be(fit: Fit) -> None:
    line = fit(DAYS, 60 + DAYS)
    assert line is not None
    reach = days_until(line, 100.0, now=29.0)
    assert (reach.days, reach.earliest, reach.latest) == pytest.approx((11.0, 11.0, 11.0), abs=1e-6)
    assert days_until(line, 80.0, now=29.0).days == 0.0
    assert days_until(line, 50.0, now=29.0, is_floor=True).days is None
    falling = fit(DAYS, 60 - DAYS)
    assert falling is not None
    assert days_until(falling, 20.0, now=29.0, is_floor=True).days == pytest.approx(11.0)


def test_noise_makes_a_range_around_the_day() -> None:
    wave = 3 * np.sin(DAYS * 2.1)
    line = least_squares(DAYS, 60 + DAYS + wave)
    assert line is not None
    reach = days_until(line, 100.0, now=29.0)
    assert reach.days is not None
    assert reach.earliest is not None
    assert reach.latest is not None
    assert 0 < reach.earliest < reach.days < reach.latest < 40


def test_level_series_never_reaches_the_limit() -> None:
    line = least_squares(DAYS, np.full(30, 50.0))
    assert line is not None
    assert days_until(line, 100.0, now=29.0).days is None
    slow = least_squares(DAYS, 50 + DAYS / 1000)
    assert slow is not None
    assert days_until(slow, 100.0, now=29.0).days is None
    assert HORIZON_DAYS < 50 * 1000


def test_outliers_do_not_turn_the_robust_line() -> None:
    y = 60 + DAYS
    y[[3, 7, 11, 19, 26]] = 0.0
    plain, robust = least_squares(DAYS, y), theil_sen(DAYS, y)
    assert plain is not None
    assert robust is not None
    assert robust.slope == pytest.approx(1.0)
    assert abs(plain.slope - 1.0) > 0.02
    assert robust.slope_error < plain.slope_error


def test_back_test_tells_a_line_from_a_bend() -> None:
    assert hold_out_error(DAYS, 60 + DAYS, least_squares) == pytest.approx(0.0, abs=1e-9)
    bent = hold_out_error(DAYS, DAYS**2, least_squares)
    assert bent is not None
    assert bent > 50
    assert hold_out_error(DAYS[:3], DAYS[:3], least_squares) is None


@pytest.mark.parametrize("fit", FITS)
def test_too_little_is_said(fit: Fit) -> None:
    assert fit(DAYS[:2], DAYS[:2]) is None
    assert fit(np.ones(9), DAYS[:9]) is None
    assert fit(np.array([1.0, 2, 3, np.nan]), np.array([np.nan, 1, 2, 3])) is None
    assert [has_enough(DAYS[:n]) for n in (0, 7, 8)] == [False, False, True]


def test_many_points_are_thinned() -> None:
    x = np.linspace(0, 365, 5000)
    line = theil_sen(x, 2 * x)
    assert line is not None
    assert line.slope == pytest.approx(2.0)
    assert line.n <= 600


@given(st.lists(number, min_size=3, max_size=40), number, number)
def test_lines_move_with_their_points(values: list[float], tilt: float, lift: float) -> None:
    x, y = np.arange(float(len(values))), np.array(values)
    for fit in FITS:
        one, other = fit(x, y), fit(x, y + lift + tilt * x)
        assert one is not None
        assert other is not None
        assert other.slope == pytest.approx(one.slope + tilt, rel=1e-6, abs=1e-5)
        assert other.noise == pytest.approx(one.noise, rel=1e-5, abs=1e-3)


@given(st.lists(number, min_size=3, max_size=40), number)
def test_range_is_in_order(values: list[float], limit: float) -> None:
    line = least_squares(np.arange(float(len(values))), np.array(values))
    assert line is not None
    reach = days_until(line, limit, now=float(len(values)))
    earliest, days, latest = (math.inf if one is None else one for one in (reach.earliest, reach.days, reach.latest))
    assert 0 <= earliest <= days <= latest
