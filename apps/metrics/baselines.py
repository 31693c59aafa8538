"""What is usual for a metric at an hour of the week, and how far a value is from it. Pure.

Everything is reckoned from hourly means, each weighted by its number of samples: the spread is that of hourly means, so
a value to be judged should be a mean of some minutes too. Hours without samples are simply not there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

SLOTS: Final = 168
# An hour of the week is known from three weeks on; a baseline from three days of hours on.
LEAST_HOURS_OF_SLOT: Final = 3
LEAST_HOURS: Final = 72
LEAST_HOURS_OF_CHANGE: Final = 5
MOST_SCORE: Final = 99.0
# Below this share of the usual value a spread is noise of four-byte floats: the series counts as constant.
CONSTANT: Final = 1e-6
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hours:
    """Roll-up rows as columns: hour of the week (0 = Monday, midnight), mean of the hour, number of samples."""

    slot: npt.NDArray[np.int64]
    mean: Floats
    count: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[int, float, float]]) -> "Hours":
        """Return the rows (slot, mean, count) that can be reckoned with: finite means of at least one sample."""
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
        table = table[np.isfinite(table).all(axis=1) & (table[:, 2] > 0)]
        return cls(table[:, 0].astype(np.int64) % SLOTS, table[:, 1], table[:, 2])

    def __len__(self) -> int:
        """Count the hours."""
        return len(self.mean)


@dataclass(frozen=True, slots=True)
class Spread:
    """How some hours are distributed; `hours` of them, with `count` samples."""

    mean: float
    deviation: float
    p5: float
    p50: float
    p95: float
    hours: int
    count: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """The spread of each hour of the week that was seen, and of all hours; `overall` is None without any."""

    slots: dict[int, Spread]
    overall: Spread | None

    @property
    def has_enough(self) -> bool:
        """Whether there is enough to call anything unusual."""
        return self.overall is not None and self.overall.hours >= LEAST_HOURS

    def usual(self, slot: int) -> Spread | None:
        """Return what is usual at an hour of the week; all hours where too few weeks are known, None without enough."""
        if not self.has_enough:
            return None
        found = self.slots.get(slot % SLOTS)
        return found if found is not None and found.hours >= LEAST_HOURS_OF_SLOT else self.overall


class Change(StrEnum):
    """How recent hours stand to those before."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"
    UNKNOWN = "unknown"


def hour_of_week(at: datetime) -> int:
    """Return 0 for Monday from midnight to 167, in the time zone that `at` is in."""
    return at.weekday() * 24 + at.hour


def baseline(hours: Hours) -> Baseline:
    """Return the spreads by hour of the week and over all."""
    if not len(hours):
        return Baseline({}, None)
    present = np.unique(hours.slot)
    slots = {int(slot): spread(hours.mean[hours.slot == slot], hours.count[hours.slot == slot]) for slot in present}
    return Baseline(slots, spread(hours.mean, hours.count))


def spread(values: Floats, weights: Floats) -> Spread:
    """Return mean, deviation and percentiles of at least one value, weighted.

    The deviation is the weighted one of NIST's Dataplot manual ("Weighted Standard Deviation"): sums of squares over
    (n - 1)/n of the weights, n being the number of values; one value alone has none.
    """
    share = weights / weights.sum()
    mean = float(np.clip(share @ values, values.min(), values.max()))
    n = len(values)
    variance = float(share @ (values - mean) ** 2) * n / (n - 1) if n > 1 else 0.0
    p5, p50, p95 = percentiles(values, weights, (0.05, 0.5, 0.95))
    return Spread(mean, math.sqrt(variance), p5, p50, p95, n, round(float(weights.sum())))


def percentiles(values: Floats, weights: Floats, fractions: Sequence[float]) -> list[float]:
    """Return weighted percentiles: the least value up to which the fraction of all weight lies.

    This is the inverse of the weighted empirical distribution (type 1 of Hyndman & Fan, "Sample Quantiles in
    Statistical Packages", 1996): as if each value stood there as often as its weight says.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    wanted = np.asarray(fractions) * reached[-1] * (1 - 1e-12)
    at = np.minimum(np.searchsorted(reached, wanted), len(values) - 1)
    return [float(value) for value in values[order][at]]


def z_score(value: float, slot: int, usual: Baseline) -> float | None:
    """Return how many deviations a value lies from what is usual at its hour of the week, at most ±99.

    None without enough data. In a constant series any other value is as unusual as can be.
    """
    known = usual.usual(slot)
    if known is None or not math.isfinite(value):
        return None
    off = value - known.mean
    least = max(abs(known.mean), abs(value)) * CONSTANT
    if abs(off) <= least:
        return 0.0
    if known.deviation <= least:
        return math.copysign(MOST_SCORE, off)
    return max(-MOST_SCORE, min(MOST_SCORE, off / known.deviation))


def sudden_change(recent: Hours, before: Hours) -> Change:
    """Compare percentiles: recent hours are higher when their median passes what 95 % of those before stayed below.

    UNKNOWN when either has fewer than five hours. A difference of four-byte noise is none.
    """
    if min(len(recent), len(before)) < LEAST_HOURS_OF_CHANGE:
        return Change.UNKNOWN
    median = percentiles(recent.mean, recent.count, (0.5,))[0]
    low, high = percentiles(before.mean, before.count, (0.05, 0.95))
    noise = max(abs(median), abs(low), abs(high)) * CONSTANT
    if median > high + noise:
        return Change.HIGHER
    return Change.LOWER if median < low - noise else Change.NONE
