"""One look at a machine by a collector: values and rates of its series at a moment. Pure.

A rate needs the value before; after a restart of the counter, a long gap, or while a part of the scrape is still on
its way there is none: nothing is guessed, and no rate is negative.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Some collectors stamp each part of a scrape on its own, milliseconds apart.
TOLERANCE_SECONDS: Final = 0.5
LONGEST_GAP_SECONDS: Final = 300.0
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Track:
    """Samples of one series in order of time; `times` are epoch seconds, `series` its number where it has one."""

    name: str
    labels: Labels
    times: Sequence[float]
    values: Sequence[float]
    series: int = 0

    def place(self, at: float) -> int | None:
        """Return the place of the sample that belongs to a scrape, None when it has none."""
        place = bisect_right(self.times, at + TOLERANCE_SECONDS) - 1
        return place if place >= 0 and self.times[place] >= at - TOLERANCE_SECONDS else None


@dataclass(frozen=True, slots=True)
class Scrape:
    """The tracks of one machine at a moment; `before` is the moment of the scrape before."""

    tracks: Mapping[str, Sequence[Track]]
    at: float
    before: float | None

    def values(self, name: str, **wanted: str) -> Iterator[tuple[Labels, float]]:
        """Return labels and value of every series of a name that has these labels; underscores stand for dots too."""
        for track in self._tracks(name, wanted):
            place = track.place(self.at)
            if place is not None:
                yield track.labels, track.values[place]

    def value(self, name: str, **wanted: str) -> float | None:
        """Return the value of the one series of a name, None when there is none."""
        return next((value for _, value in self.values(name, **wanted)), None)

    def rates(self, name: str, **wanted: str) -> list[tuple[Labels, float]]:
        """Return labels and increase a second of all counters of a name; none when one of them cannot be told."""
        found = []
        for track in self._tracks(name, wanted):
            place = track.place(self.at)
            if place is None:
                if self.before is not None and track.place(self.before) is not None:
                    return []
                continue
            rate = _rate(track, place)
            if rate is None:
                return []
            found.append((track.labels, rate))
        return found

    def _tracks(self, name: str, wanted: Mapping[str, str]) -> Iterator[Track]:
        """Return the tracks of a name with these labels."""
        for track in self.tracks.get(name, ()):
            if all(track.labels.get(label) == value for label, value in wanted.items()):
                yield track


def _rate(track: Track, place: int) -> float | None:
    """Return the increase a second up to a sample, None when it cannot be told."""
    if place == 0:
        return None
    seconds = track.times[place] - track.times[place - 1]
    increase = track.values[place] - track.values[place - 1]
    return increase / seconds if 0 < seconds <= LONGEST_GAP_SECONDS and increase >= 0 else None


def moments(tracks: Iterable[Track]) -> list[float]:
    """Return the times of scrapes by their tracks, in order, each once."""
    found: list[float] = []
    for at in sorted({at for track in tracks for at in track.times}):
        if not found or at > found[-1] + TOLERANCE_SECONDS:
            found.append(at)
    return found
