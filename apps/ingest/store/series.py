"""The series of a group's samples: known ones from memory, others from the database, new ones made there."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from apps.ingest.database import Connection, execute, fetch_all
from apps.ingest.keys import Reporter
from apps.ingest.samples import Samples, SeriesKey, SeriesKind
from apps.ingest.store.memory import Memory
from apps.ingest.store.table import SeriesTable, Words, names_of

TOUCH_SECONDS: Final = 600
KIND_BITS: Final = np.uint32(0xFF)
KINDS: Final = {kind.value: number for number, kind in enumerate(SeriesKind)}
NEVER: Final = -np.inf
_encode = msgspec.json.Encoder().encode
Numbers = npt.NDArray[np.int32]


@dataclass(slots=True)
class Wanted:
    """All series of a group, one after the other, as columns; `newest` is -inf where there is no sample."""

    owners: list[tuple[Reporter, Samples]]
    starts: npt.NDArray[np.int64]
    names: Words
    newest: npt.NDArray[np.float64]
    told: npt.NDArray[np.uint32]
    stale: dict[int, float]

    def at(self, place: int) -> tuple[Reporter, SeriesKey, str, str]:
        """Return whose series stands at a place, its key, unit and kind."""
        owner = int(np.searchsorted(self.starts, place, side="right")) - 1
        reporter, samples = self.owners[owner]
        index = place - int(self.starts[owner])
        return reporter, samples.keys[index], samples.units[index], samples.kinds[index].value

    def row(self, place: int) -> dict[str, Any]:
        """Return a series as the statements take it."""
        reporter, key, unit, kind = self.at(place)
        return {
            "place": place,
            "tenant": reporter.tenant_id,
            "node": reporter.node_id,
            "metric_type": key.metric_type,
            "unit": unit,
            "kind": kind,
            "labels": msgspec.Raw(key.labels.encode()),
            "pool": key.pool,
            "session": key.session,
        }


@dataclass(slots=True)
class Resolved:
    """The number of each wanted series, 0 where there is no room for it, and what the table notes of it."""

    series: Numbers
    noted: npt.NDArray[np.float64]
    told: npt.NDArray[np.uint32]
    is_new: npt.NDArray[np.bool_]


async def resolve(
    connection: Connection, owners: list[tuple[Reporter, Samples]], memory: Memory
) -> tuple[list[Numbers], Callable[[], None]]:
    """Return the numbers of each owner's series and what is to be done after COMMIT."""
    if not owners:
        return [], _nothing
    wanted = wanted_of(owners)
    found = _recall(memory.series, wanted)
    missing = np.flatnonzero((found.series == 0) & ((wanted.newest > NEVER) | _marked(wanted)))
    if len(missing):
        await _ask(connection, wanted, found, missing, memory.most_series)
    due = _due(wanted, found)
    if len(due):
        await execute(connection, "touch_series.sql", {"rows": _encode(_touches(wanted, found, due)).decode()})
    changed = np.flatnonzero((found.series > 0) & found.is_new)
    kept = memory.series, wanted.names[changed], found.series[changed], found.noted[changed], found.told[changed]
    numbers = [
        found.series[start : start + len(samples.keys)]
        for start, (_, samples) in zip(wanted.starts, owners, strict=True)
    ]
    return numbers, lambda: _keep(*kept)


def wanted_of(owners: list[tuple[Reporter, Samples]]) -> Wanted:
    """Put the series of all owners one after the other."""
    sizes = [len(samples.keys) for _, samples in owners]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    names = [names_of(reporter.tenant_id, reporter.node_id, samples.keys) for reporter, samples in owners]
    newest = np.full(sum(sizes), NEVER)
    told = np.zeros(sum(sizes), np.uint32)
    stale: dict[int, float] = {}
    for start, (_, samples) in zip(starts, owners, strict=True):
        np.maximum.at(newest, samples.of + start, samples.at)
        told[start : start + len(samples.keys)] = list(map(told_by, samples.units, samples.kinds))
        stale |= {int(start) + place: at for place, at in samples.stale}
    return Wanted(owners, starts, np.concatenate(names), newest, told, stale)


@lru_cache(maxsize=4096)
def told_by(unit: str, kind: str) -> int:
    """Return a number that changes with unit and kind; each part is 0 where nothing was said."""
    return (zlib.crc32(unit.encode()) & 0xFFFFFF) << 8 | KINDS[kind]


def _recall(table: SeriesTable, wanted: Wanted) -> Resolved:
    """Look up what the process knows."""
    slots = table.find(wanted.names)
    return Resolved(table.series(slots), table.noted(slots), table.told(slots), np.zeros(len(slots), bool))


def _marked(wanted: Wanted) -> npt.NDArray[np.bool_]:
    """Tell which series were declared ended."""
    marked = np.zeros(len(wanted.newest), bool)
    marked[list(wanted.stale)] = True
    return marked


async def _ask(
    connection: Connection, wanted: Wanted, found: Resolved, missing: npt.NDArray[np.int64], most: int
) -> None:
    """Fill in what the database knows, having made what it does not know as far as there is room."""
    places: dict[bytes, list[int]] = {}
    for place in missing.tolist():
        places.setdefault(wanted.names[place].tobytes(), []).append(place)
    rows = {alike[0]: wanted.row(alike[0]) for alike in places.values()}
    known = await _find(connection, list(rows.values()))
    measured = [alike[0] for alike in places.values() if (wanted.newest[alike] > NEVER).any()]
    absent = [rows[place] for place in measured if place not in known]
    if absent:
        await execute(connection, "lock_series.sql", {"node_ids": list({row["node"] for row in absent})})
        await execute(connection, "create_series.sql", {"wanted": _encode(absent).decode(), "most": most})
        known |= await _find(connection, absent)
    for alike in places.values():
        if one := known.get(alike[0]):
            found.series[alike], found.told[alike] = one["series_id"], told_by(one["unit"], one["kind"])
            found.noted[alike] = one["last_sample_at"].timestamp() if one["last_sample_at"] else NEVER
            found.is_new[alike] = True


async def _find(connection: Connection, rows: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return place → series of those that exist."""
    found = await fetch_all(connection, "find_series.sql", {"wanted": _encode(rows).decode()})
    return {row["place"]: row for row in found}


def _due(wanted: Wanted, found: Resolved) -> npt.NDArray[np.int64]:
    """Return the places of series whose notes in the database must be renewed."""
    kind, unit = wanted.told & KIND_BITS, wanted.told & ~KIND_BITS
    is_told = ((kind > 0) & (kind != found.told & KIND_BITS)) | ((unit > 0) & (unit != found.told & ~KIND_BITS))
    is_late = wanted.newest > found.noted + TOUCH_SECONDS
    return np.flatnonzero((found.series > 0) & (is_late | ((wanted.newest > NEVER) & is_told) | _marked(wanted)))


def _touches(wanted: Wanted, found: Resolved, due: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the rows to note, each series once, and bring what is remembered of them up to date."""
    rows: dict[int, dict[str, Any]] = {}
    for place in due.tolist():
        _, _, unit, kind = wanted.at(place)
        newest = float(wanted.newest[place])
        series = int(found.series[place])
        row = rows.setdefault(series, {"series_id": series, "unit": "", "kind": "", "newest": None, "stale": None})
        row["unit"], row["kind"] = unit or row["unit"], kind or row["kind"]
        if newest > NEVER:
            row["newest"] = max(newest, row["newest"] or newest)
        if place in wanted.stale:
            row["stale"] = max(wanted.stale[place], row["stale"] or wanted.stale[place])
        said, before = wanted.told[place], found.told[place]
        found.told[place] = (said & KIND_BITS or before & KIND_BITS) | (said & ~KIND_BITS or before & ~KIND_BITS)
        # A series that ended is noted again with its next sample, which takes the mark away.
        found.noted[place] = 0.0 if row["stale"] is not None else max(found.noted[place], newest)
        found.is_new[place] = True
    return list(rows.values())


def _keep(
    table: SeriesTable,
    names: Words,
    series: Numbers,
    noted: npt.NDArray[np.float64],
    told: npt.NDArray[np.uint32],
) -> None:
    """Remember what was committed."""
    if len(names):
        _, first = np.unique(names[::-1], axis=0, return_index=True)
        last = len(names) - 1 - first
        table.note(names[last], series[last], noted[last], told[last])


def _nothing() -> None:
    """Do nothing after COMMIT."""
