"""Straight lines through measurements, when they reach a limit, and how well they would have foretold the past. Pure.

`x` are days, `y` the metric; the same number of each. Values that are not finite are left out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

LEAST_POINTS: Final = 7
LEAST_DAYS: Final = 7.0
# All pairs of more points than this would not fit into a cache; every n-th point is taken then.
MOST_POINTS: Final = 600
HORIZON_DAYS: Final = 3650
LEVEL: Final = 0.9
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line; `noise` is the deviation of points from it, `slope_error` the standard error of the slope.

    `n`, `middle` (mean of x) and `width` (sum of squared distances from it) are what an interval needs.
    """

    slope: float
    intercept: float
    slope_error: float
    noise: float
    n: int
    middle: float
    width: float

    def at(self, x: Floats) -> Floats:
        """Return the line's values."""
        return self.intercept + self.slope * x

    def margin(self, x: Floats, level: float = LEVEL) -> Floats:
        """Return half the width of the prediction interval for single new values.

        Draper & Smith, "Applied Regression Analysis", 3rd edition, section 3.1: t · s · √(1 + 1/n + (x - x̄)²/Sxx).
        """
        t = student_t((1 + level) / 2, self.n - 2)
        width: Floats = t * self.noise * np.sqrt(1 + 1 / self.n + (x - self.middle) ** 2 / self.width)
        return width


@dataclass(frozen=True, slots=True)
class Reach:
    """Days until a limit, by the line and by the two edges of its interval; None = not within ten years."""

    days: float | None
    earliest: float | None
    latest: float | None


Fit = Callable[[Floats, Floats], Line | None]


def has_enough(x: Floats) -> bool:
    """Tell whether points reach far enough for a forecast: seven of them, over a week."""
    return len(x) >= LEAST_POINTS and float(np.ptp(x)) >= LEAST_DAYS - 1e-9


def least_squares(x: Floats, y: Floats) -> Line | None:
    """Return the line of least squares, None for fewer than three points or all at the same x.

    Draper & Smith, sections 1.2 and 1.4: slope Sxy/Sxx, noise √(SSE/(n - 2)), standard error of the slope noise/√Sxx.
    """
    x, y = _finite(x, y)
    middle, width = _extent(x)
    if len(x) < 3 or width <= 0:
        return None
    slope = float((x - middle) @ (y - y.mean())) / width
    intercept = float(y.mean()) - slope * middle
    noise = math.sqrt(max(float(((y - intercept - slope * x) ** 2).sum()), 0.0) / (len(x) - 2))
    return Line(slope, intercept, noise / math.sqrt(width), noise, len(x), middle, width)


def theil_sen(x: Floats, y: Floats) -> Line | None:
    """Return the line through the median of all pairs' slopes: up to 29 % of the points may be anywhere.

    Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968; the error of the slope comes from his
    ranks between which it lies with 90 %. The noise is 1.4826 · MAD (Rousseeuw & Croux, 1993).
    """
    x, y = _finite(x, y)
    step = -(-len(x) // MOST_POINTS) or 1
    x, y = x[::step], y[::step]
    middle, width = _extent(x)
    if len(x) < 3 or width <= 0:
        return None
    first, second = np.triu_indices(len(x), 1)
    run = x[second] - x[first]
    slopes = np.sort((y[second] - y[first])[run != 0] / run[run != 0])
    slope = float(np.median(slopes))
    intercept = float(np.median(y - slope * x))
    noise = 1.4826 * float(np.median(np.abs(y - intercept - slope * x)))
    return Line(slope, intercept, _sen_error(slopes, len(x)), noise, len(x), middle, width)


def days_until(line: Line, limit: float, now: float, *, is_floor: bool = False, level: float = LEVEL) -> Reach:
    """Return how many days after `now` the line and the edges of its interval reach a limit; 0 where they are past it.

    The limit is a ceiling, as a full disk is, unless it is a floor.
    """
    days = np.arange(HORIZON_DAYS + 1, dtype=np.float64)
    values, margin = line.at(now + days), line.margin(now + days, level)
    sign = -1.0 if is_floor else 1.0
    gaps = [sign * (limit - values) - factor * margin for factor in (0.0, 1.0, -1.0)]
    return Reach(*(_first_passing(days, gap) for gap in gaps))


def hold_out_error(x: Floats, y: Floats, fit: Fit, share: float = 0.25) -> float | None:
    """Return the mean absolute error on the last `share` of the points of a line fitted to those before.

    Hyndman & Athanasopoulos, "Forecasting: Principles and Practice", section 5.8. None without enough to fit.
    """
    x, y = _finite(x, y)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    held = max(int(len(x) * share), 1)
    line = fit(x[:-held], y[:-held]) if len(x) - held >= 3 else None
    return None if line is None else float(np.abs(y[-held:] - line.at(x[-held:])).mean())


def student_t(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t distribution for probabilities above one half.

    Exact for one and two degrees of freedom; beyond, the expansion of Abramowitz & Stegun 26.7.5 to the fourth term,
    whose error is below 2 % at three and below 0.1 % from seven degrees on, for probabilities up to 0.975.
    """
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        a = 2 * probability - 1
        return a * math.sqrt(2 / (1 - a * a))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the points of which both parts are numbers."""
    good = np.isfinite(x) & np.isfinite(y)
    return x[good].astype(np.float64), y[good].astype(np.float64)


def _extent(x: Floats) -> tuple[float, float]:
    """Return the mean of x and the sum of squared distances from it."""
    middle = float(x.mean()) if len(x) else 0.0
    return middle, float(((x - middle) ** 2).sum())


def _sen_error(slopes: Floats, n: int) -> float:
    """Return the standard error that Sen's interval of the slope amounts to."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    reach = z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    last = len(slopes) - 1
    low = max(round((len(slopes) - reach) / 2), 0)
    high = min(round((len(slopes) + reach) / 2), last)
    return float(slopes[high] - slopes[low]) / (2 * z)


def _first_passing(days: Floats, gap: Floats) -> float | None:
    """Return when a gap closes for the first time, between days in proportion; None when it does not."""
    closed = np.flatnonzero(gap <= 0)
    if not len(closed):
        return None
    at = int(closed[0])
    if at == 0:
        return 0.0
    before, after = float(gap[at - 1]), float(gap[at])
    return float(days[at - 1]) + before / (before - after)
