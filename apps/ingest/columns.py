"""From decoded samples to columns: what many samples have in common is judged once, numbers are judged together. Pure.

The verdicts are those of `verdicts.judge_sample`, which is asked about every sample that is not plainly good.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.remembered import remembered
from apps.ingest.samples import Samples, SeriesKey, SeriesKind
from apps.ingest.shapes import ABSENT, Sample
from apps.ingest.verdicts import NEWEST, OLDEST, judge_names, judge_sample, seconds_of

Look = tuple[str, str | None, bytes, UUID | None, UUID | None]
KEYS_ALWAYS: Final = 2
NO_LABELS: Final = bytes(ABSENT)
_names = attrgetter("type", "unit", "pool", "session")


@dataclass(frozen=True, slots=True)
class Index:
    """What is common: `looks[of[i]]` is what sample i is called; `timed` counts those that tell their time."""

    looks: list[Look]
    of: npt.NDArray[np.int32]
    at: list[Any]
    timed: int

    def keys_on_the_wire(self) -> int:
        """Count the JSON keys of the samples, had none been given twice or without need."""
        counts = np.bincount(self.of, minlength=len(self.looks)) if len(self.of) else np.zeros(0, np.int64)
        return int(counts @ np.array([_keys_of(look) for look in self.looks], np.int64)) + self.timed


def index_of(samples: Sequence[Sample]) -> Index:
    """Find what samples have in common."""
    labels = [sample.labels for sample in samples]
    if labels.count(ABSENT) == len(labels):
        names, of = _numbered(map(_names, samples))
        looks = [(kind, unit, NO_LABELS, pool, session) for kind, unit, pool, session in names]
    else:
        named = zip(map(_names, samples), map(bytes, labels), strict=True)
        looks, of = _numbered((kind, unit, text, pool, session) for (kind, unit, pool, session), text in named)
    at = [sample.at for sample in samples]
    return Index(looks, np.array(of, np.int32), at, len(at) - at.count(None))


def _numbered(names: Iterable[Hashable]) -> tuple[list[Any], list[int]]:
    """Return each name once, and for each of all its number."""
    places: dict[Hashable, int] = {}
    find = places.setdefault
    of = [find(name, len(places)) for name in names]
    return list(places), of


def judge_columns(
    samples: Sequence[Sample], index: Index, places: Sequence[int], listed_in: str, now: float
) -> tuple[Samples, list[Rejection]]:
    """Split samples into columns to store and rejections; `places` are their indices in the sender's list."""
    named = [judge_look(look) for look in index.looks]
    at = _instants(index.at, now)
    value = np.array([sample.value for sample in samples], np.float64)
    has_name = np.array([not isinstance(one, Fault) for one in named], bool)
    good = (at >= now - OLDEST) & (at <= now + NEWEST) & np.isfinite(value)
    good &= has_name[index.of] if len(named) else True
    bad = []
    for place in np.flatnonzero(~good).tolist():
        fault = judge_sample(samples[place], now)
        if not isinstance(fault, Fault):
            raise TypeError("the two ways to judge a sample differ")
        bad.append(rejection(fault, places[place], listed_in))
    kept = None if not bad and isinstance(places, range) else np.array(places, np.int32)[good]
    if bad:
        at, value = at[good], value[good]
    return _columns(named, index.of[good] if bad else index.of, at, value, kept, listed_in), bad


def _size_of(look: Look) -> int:
    """Return how long the words of a look are."""
    kind, unit, labels, _, _ = look
    return len(kind) + len(unit or "") + len(labels)


@remembered(8192, _size_of)
def judge_look(look: Look) -> tuple[SeriesKey, str] | Fault:
    """Return series key and unit, or what is wrong with them."""
    kind, unit, labels, pool, session = look
    return judge_names(kind, unit or "", labels, pool, session)


def _columns(
    named: list[Any],
    of: npt.NDArray[np.int32],
    at: npt.NDArray[np.float64],
    value: npt.NDArray[np.float64],
    places: npt.NDArray[np.int32] | None,
    listed_in: str,
) -> Samples:
    """Return the samples that are kept; names that were refused leave no trace."""
    good = [place for place, one in enumerate(named) if not isinstance(one, Fault)]
    if len(good) < len(named):
        renumbered = np.zeros(len(named), np.int32)
        renumbered[good] = np.arange(len(good))
        of = renumbered[of]
    keys: list[SeriesKey] = [named[place][0] for place in good]
    units: list[str] = [named[place][1] for place in good]
    return Samples(keys, units, [SeriesKind.UNKNOWN] * len(good), of, at, value, places, listed_in)


def _instants(at: list[Any], now: float) -> npt.NDArray[np.float64]:
    """Return epoch seconds, NaN for what is no time."""
    if set(map(type, at)) == {float}:
        return np.array(at, np.float64)
    seconds = (seconds_of(one, now) for one in at)
    return np.array([np.nan if one is None else one for one in seconds], np.float64)


def _keys_of(look: Look) -> int:
    """Count the JSON keys of a sample without its time."""
    _, unit, labels, pool, session = look
    has_labels = labels != NO_LABELS
    given = (unit is not None, has_labels, pool is not None, session is not None)
    return KEYS_ALWAYS + sum(given) + labels.count(b'":')
