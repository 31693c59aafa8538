"""Gathering the samples of a foreign body into columns, with one verdict for each. Pure.

The rules are those of our own calls; what differs is only how a collector writes names, labels and times.
"""

import hashlib
import re
from array import array
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.core.errors import TooLarge
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.labels import judge_labels
from apps.ingest.samples import Family, Samples, SeriesKey, SeriesKind
from apps.ingest.verdicts import METRIC_NAME, NEWEST, OLDEST
from apps.metrics.exporters import ANCHORS

# Collectors send larger requests than our agent does, as one of them may read many machines.
MOST_SAMPLES: Final = 20_000
LONGEST_UNIT: Final = 50
LONGEST_HELP: Final = 1000
NOT_A_NUMBER: Final = "not_a_number"
UNITS: Final = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
BAD_NAME: Final = Fault("invalid_value", "A metric's name is 1 to 100 of letters, digits and _ : . / -", "type")
Numbers = npt.NDArray[np.int32]
Column = npt.NDArray[np.float64]
NOT_NAMING: Final = re.compile(r"[^A-Za-z0-9_.:/\-]")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a body holds after judgement; `batch_id` is None where the same bytes may mean different data."""

    samples: Samples | None
    families: list[Family]
    rejected: list[Rejection]
    tolerated: dict[str, int]
    batch_id: UUID | None
    has_vitals: bool


@dataclass(slots=True)
class Gathering:
    """Collects the samples of one body; `now` is epoch seconds, `unit` that of the protocol's times.

    A place is where the sender finds the item again: a sample, a data point or a line.
    """

    now: float
    unit: str
    listed_in: str
    keys: list[SeriesKey] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    kinds: list[SeriesKind] = field(default_factory=list)
    families: dict[str, Family] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    tolerated: dict[str, int] = field(default_factory=dict)
    stale: list[tuple[int, float, int]] = field(default_factory=list)
    _known: dict[SeriesKey, int] = field(default_factory=dict)
    _of: "array[int]" = field(default_factory=lambda: array("i"))
    _at: "array[float]" = field(default_factory=lambda: array("d"))
    _value: "array[float]" = field(default_factory=lambda: array("d"))
    _places: "array[int]" = field(default_factory=lambda: array("i"))

    def series(self, key: SeriesKey, unit: str = "", kind: SeriesKind = SeriesKind.UNKNOWN) -> int:
        """Return the number of a series in this body."""
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.keys)
            self.keys.append(key)
            self.units.append(unit_of(unit))
            self.kinds.append(kind)
        return number

    def add(self, series: int, at: float, value: float, place: int) -> None:
        """Add a sample at epoch seconds; raises TooLarge when there are too many."""
        self._of.append(series)
        self._at.append(at)
        self._value.append(value)
        self._places.append(place)
        if len(self._of) > MOST_SAMPLES:
            raise too_many()

    def end(self, series: int, at: float, place: int) -> None:
        """Note that a series has ended; raises TooLarge when there are too many."""
        self.stale.append((series, at, place))
        if len(self.stale) > MOST_SAMPLES:
            raise too_many()

    def reject(self, fault: Fault, place: int) -> None:
        """Refuse one item; raises TooLarge when there are too many."""
        self.rejected.append(rejection(fault, place, self.listed_in))
        if len(self.rejected) > MOST_SAMPLES:
            raise too_many()

    def tolerate(self, code: str, count: int = 1) -> None:
        """Count items that are left out without being a fault."""
        self.tolerated[code] = self.tolerated.get(code, 0) + count

    def describe(self, name: str, kind: SeriesKind, unit: str, words: str) -> None:
        """Note what the sender says of a metric by its name; what cannot be kept is left out."""
        if METRIC_NAME.fullmatch(name) and len(self.families) < MOST_SAMPLES:
            self.families[name] = Family(name, kind, unit_of(unit), storable(words)[:LONGEST_HELP])

    def parts(self, batch_id: UUID | None) -> Parts:
        """Judge times and values of all samples at once and return the result."""
        at, value = (np.frombuffer(one, dtype=np.float64) for one in (self._at, self._value))
        of, places = (np.frombuffer(one, dtype=np.int32) for one in (self._of, self._places))
        is_number = np.isfinite(value)
        if not is_number.all():
            self.tolerate(NOT_A_NUMBER, int((~is_number).sum()))
        in_time = (at >= self.now - OLDEST) & (at <= self.now + NEWEST)
        for index in np.flatnonzero(is_number & ~in_time):
            self.reject(self._wrong_time(float(at[index])), int(places[index]))
        keep = is_number & in_time
        samples = self._kept(of[keep], at[keep], value[keep], places[keep])
        has_data = len(samples) > 0 or bool(samples.stale)
        return Parts(
            samples=samples if has_data else None,
            families=list(self.families.values()),
            rejected=self.rejected,
            tolerated=self.tolerated,
            batch_id=batch_id if has_data or self.rejected else None,
            has_vitals=any(key.metric_type in ANCHORS for key in samples.keys),
        )

    def _kept(self, of: Numbers, at: Column, value: Column, places: Numbers) -> Samples:
        """Return the samples that are taken with their series only: no series comes to be without a sample."""
        ended = self._ended()
        used = np.union1d(of, np.array([series for series, _ in ended], dtype=np.int32)).astype(np.int32)
        return Samples(
            keys=[self.keys[number] for number in used],
            units=[self.units[number] for number in used],
            kinds=[self.kinds[number] for number in used],
            of=np.searchsorted(used, of).astype(np.int32),
            at=at,
            value=value,
            places=places,
            listed_in=self.listed_in,
            stale=[(int(np.searchsorted(used, series)), at) for series, at in ended],
        )

    def _ended(self) -> list[tuple[int, float]]:
        """Return the ends of series whose time is taken, refusing the others."""
        ended = []
        for series, at, place in self.stale:
            if self.now - OLDEST <= at <= self.now + NEWEST:
                ended.append((series, at))
            else:
                self.reject(self._wrong_time(at), place)
        return ended

    def _wrong_time(self, at: float) -> Fault:
        """Say what is wrong with a time, and whether its unit seems to be another one."""
        for unit, share in UNITS.items():
            meant = at * UNITS[self.unit] / share
            if unit != self.unit and self.now - OLDEST * 52 <= meant <= self.now + OLDEST * 52:
                return Fault("invalid_time", f"The time seems to be in {unit}; {self.unit} are wanted.", "at")
        if at < self.now:
            return Fault("too_old", "The time is more than 7 days back.", "at")
        return Fault("in_future", "The time is more than 5 minutes ahead.", "at")


def series_key(name: str, labels: dict[str, str]) -> SeriesKey | Fault:
    """Return the series of a name and labels, or say why there cannot be one; empty labels count as absent."""
    if not METRIC_NAME.fullmatch(name):
        return BAD_NAME
    text = judge_labels({label: value for label, value in labels.items() if value != ""})
    return text if isinstance(text, Fault) else SeriesKey(name, text)


def mapped(name: str) -> str:
    """Return a name with every character that names do not have here replaced by an underscore."""
    found = NOT_NAMING.sub("_", name)
    return found if found[:1].isalpha() or found[:1] in ("_", "") else f"_{found}"


def storable(text: str) -> str:
    """Return a text without what the database cannot hold."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def unit_of(unit: str) -> str:
    """Return a unit as it is stored, empty where it is none."""
    return unit if len(unit) <= LONGEST_UNIT and unit.isprintable() else ""


def batch_of(protocol: str, *pieces: bytes) -> UUID:
    """Return the id that the same request always gets, whoever repeats it."""
    digest = hashlib.blake2b(digest_size=16, person=protocol.encode())
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return UUID(bytes=digest.digest(), version=5)


def too_many() -> TooLarge:
    """Return the refusal of a request with more samples than one may carry."""
    return TooLarge("too_many_items", f"A request holds at most {MOST_SAMPLES} samples.")
