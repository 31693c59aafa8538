"""Samples of named metrics: their series are found or made, then the values are added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from apps.ingest.database import Connection, execute, fetch_all, fetch_count
from apps.ingest.keys import Reporter
from apps.ingest.verdicts import GoodSample, SeriesKey

MOST_SERIES: Final = 2000
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Wanted:
    """A series that samples need: its place in the batch, and what the samples say of it."""

    place: int
    unit: str
    newest: float


@dataclass(frozen=True, slots=True)
class StoredSamples:
    """How many samples are new, how many were there, and which found no room for their series."""

    accepted: int
    duplicate: int
    homeless: list[int]


async def store_samples(connection: Connection, reporter: Reporter, samples: Sequence[GoodSample]) -> StoredSamples:
    """Add samples that are not there yet; `homeless` are places in `samples` beyond the node's series ceiling."""
    if not samples:
        return StoredSamples(0, 0, [])
    wanted = _wanted(samples)
    found = await _resolve(connection, reporter, wanted)
    series = [found.get(wanted[sample.key].place) for sample in samples]
    homeless = [place for place, number in enumerate(series) if number is None]
    housed = [(number, sample) for number, sample in zip(series, samples, strict=True) if number is not None]
    params = {
        "series": [number for number, _ in housed],
        "times": [sample.at for _, sample in housed],
        "values": [sample.value for _, sample in housed],
    }
    added = await fetch_count(connection, "store_samples.sql", params) if housed else 0
    return StoredSamples(added, len(housed) - added, homeless)


def _wanted(samples: Sequence[GoodSample]) -> dict[SeriesKey, Wanted]:
    """Return each series once, with its newest sample and its unit."""
    wanted: dict[SeriesKey, Wanted] = {}
    for sample in samples:
        one = wanted.get(sample.key)
        if one is None:
            wanted[sample.key] = Wanted(len(wanted), sample.unit, sample.at)
        elif sample.at > one.newest:
            one.newest, one.unit = sample.at, sample.unit or one.unit
    return wanted


async def _resolve(connection: Connection, reporter: Reporter, wanted: dict[SeriesKey, Wanted]) -> dict[int, int]:
    """Return place → series id, having made what was missing as far as there is room."""
    rows = [_row(key, one) for key, one in wanted.items()]
    found = await _find(connection, reporter, rows)
    missing = [row for row in rows if row["place"] not in found]
    if missing:
        node = {"node_id": reporter.node_id, "tenant_id": reporter.tenant_id}
        await execute(connection, "lock_series.sql", node)
        await execute(
            connection, "create_series.sql", {**node, "wanted": _encode(missing).decode(), "most": MOST_SERIES}
        )
        found |= await _find(connection, reporter, missing)
    return found


async def _find(connection: Connection, reporter: Reporter, rows: list[dict[str, Any]]) -> dict[int, int]:
    """Return place → series id of those that exist, and bring last sample time and unit up to date."""
    params = {"tenant_id": reporter.tenant_id, "node_id": reporter.node_id, "wanted": _encode(rows).decode()}
    known = await fetch_all(connection, "find_series.sql", params)
    by_place = {row["place"]: row for row in rows}
    stale = [
        {
            "series_id": one["series_id"],
            "unit": by_place[one["place"]]["unit"],
            "newest": by_place[one["place"]]["newest"],
        }
        for one in known
        if one["is_stale"]
    ]
    if stale:
        await execute(connection, "touch_series.sql", {"stale": _encode(stale).decode()})
    return {one["place"]: one["series_id"] for one in known}


def _row(key: SeriesKey, one: Wanted) -> dict[str, Any]:
    """Return a wanted series as the statements take it."""
    return {
        "place": one.place,
        "metric_type": key.metric_type,
        "unit": one.unit,
        "labels": msgspec.Raw(key.labels.encode()),
        "pool": key.pool,
        "session": key.session,
        "newest": one.newest,
    }
