"""Scrapes as most are: every series has a sample at the same moments, and a scrape is a column of numbers. Pure.

What a `Scrape` tells of tracks, a `Look` tells of such a grid, the same and without searching.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from apps.metrics.scrapes import LONGEST_GAP_SECONDS, TOLERANCE_SECONDS, Labels, Track

Numbers = npt.NDArray[Any]
TICKS: Final = 1_000_000
MOST_PARTS: Final = 100


class Layout:
    """Names and labels of a machine's series, by their place; machines of one kind share one."""

    def __init__(self, named: Sequence[tuple[str, Labels]]) -> None:
        """Take name and labels of each series."""
        self.named = named
        self.by_name: dict[str, list[tuple[Labels, int]]] = defaultdict(list)
        for place, (name, labels) in enumerate(named):
            self.by_name[name].append((labels, place))
        self._parts: dict[bytes, Layout] = {}

    def part(self, present: Numbers) -> "Layout":
        """Return the layout without the series that have no samples; `present` tells of each whether it has."""
        key = present.tobytes()
        if key not in self._parts:
            if len(self._parts) >= MOST_PARTS:
                self._parts.clear()
            self._parts[key] = Layout([self.named[place] for place in np.flatnonzero(present).tolist()])
        return self._parts[key]


@dataclass(frozen=True, slots=True)
class Grid:
    """Samples of one machine, a row a series and a column a moment; `times` are epoch seconds in order."""

    layout: Layout
    series: Numbers
    times: Sequence[float]
    values: Numbers

    def tracks(self) -> list[Track]:
        """Return the same as tracks."""
        rows = zip(self.layout.named, self.series.tolist(), self.values.tolist(), strict=True)
        return [Track(name, labels, self.times, values, series) for (name, labels), series, values in rows]

    def look(self, place: int) -> "Look":
        """Return the scrape of a moment that is not the first."""
        now, before = self.values[:, place].tolist(), self.values[:, place - 1].tolist()
        return Look(self.layout.by_name, self.times[place], self.times[place] - self.times[place - 1], now, before)


@dataclass(frozen=True, slots=True)
class Look:
    """One scrape of a grid, with the one that many `seconds` before it."""

    by_name: Mapping[str, Sequence[tuple[Labels, int]]]
    at: float
    seconds: float
    now: Sequence[float]
    before: Sequence[float]

    def values(self, name: str, **wanted: str) -> list[tuple[Labels, float]]:
        """Return labels and value of every series of a name that has these labels."""
        return [(labels, self.now[place]) for labels, place in self._places(name, wanted)]

    def value(self, name: str, **wanted: str) -> float | None:
        """Return the value of the one series of a name, None when there is none."""
        return next((self.now[place] for _, place in self._places(name, wanted)), None)

    def rates(self, name: str, **wanted: str) -> list[tuple[Labels, float]]:
        """Return labels and increase a second of all counters of a name; none when one of them cannot be told."""
        if self.seconds > LONGEST_GAP_SECONDS:
            return []
        found = []
        for labels, place in self._places(name, wanted):
            increase = self.now[place] - self.before[place]
            if not increase >= 0:
                return []
            found.append((labels, increase / self.seconds))
        return found

    def _places(self, name: str, wanted: Mapping[str, str]) -> Sequence[tuple[Labels, int]]:
        """Return labels and places of the series of a name with these labels."""
        every = self.by_name.get(name, ())
        if not wanted:
            return every
        return [one for one in every if all(one[0].get(label) == value for label, value in wanted.items())]


def grid_of(layout: Layout, series: Numbers, at: Numbers, ticks: Numbers, values: Numbers) -> Grid | None:
    """Return the samples at places `at` (a row a series) as a grid, None where series differ in their moments.

    `ticks` are microseconds since 1970; moments that a tolerance could mix up make no grid.
    """
    moments = ticks[at]
    own = moments[0]
    if (moments != own).any() or (own[1:] - own[:-1] <= 2 * TOLERANCE_SECONDS * TICKS).any():
        return None
    return Grid(layout, series, (own / TICKS).tolist(), values[at])
