"""Vitals of nodes that foreign collectors watch: worked out of the scrapes that are stored, one row a scrape.

Nothing happens while samples come in; the worker follows within seconds. A run that ends in between loses nothing:
what a batch of nodes brought, and how far it was read, are one transaction.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from apps.core import live, sql
from apps.metrics.exporters import ANCHORS, NAMES, Row, rows_of
from apps.metrics.scrapes import LONGEST_GAP_SECONDS, Track
from apps.metrics.services.rollup import queue_hours

# Parts of a scrape come in several requests, and one of them may have to be repeated.
READ_AGAIN: Final = timedelta(seconds=60)
INCOMPLETE: Final = timedelta(seconds=20)
RECENT: Final = timedelta(minutes=10)
OLDEST: Final = timedelta(days=7)
AT_ONCE: Final = timedelta(hours=1)
# Longer than any usual interval between two requests of a collector.
HEARD: Final = timedelta(minutes=15)
BATCH: Final = 50
_encode = msgspec.json.Encoder().encode
_labels = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be read of a node: scrapes after `since` become rows, those before only tell rates."""

    node_id: UUID
    hostname: str
    since: datetime
    starts: datetime
    ends: datetime


def derive_vitals(*, now: datetime) -> int:
    """Work out the vitals of all scrapes that came since the last run and return how many rows were made or changed."""
    moments = {"oldest": now - OLDEST, "heard_since": now - HEARD, "recent": now - RECENT}
    sources = sql.fetch_all(__file__, "find_vitals_sources.sql", {**moments, "anchors": sorted(ANCHORS)})
    spans = [_span(source) for source in sources]
    return sum(_derive(spans[start : start + BATCH], now) for start in range(0, len(spans), BATCH))


def _span(source: Mapping[str, Any]) -> Span:
    """Return what is to be read of a node."""
    seconds = source["interval_seconds"] or LONGEST_GAP_SECONDS
    since = source["reached"] - READ_AGAIN
    back = timedelta(seconds=min(1.5 * seconds, LONGEST_GAP_SECONDS) + 1)
    return Span(source["node_id"], source["hostname"], since, since - back, source["reached"] + AT_ONCE)


@transaction.atomic
def _derive(spans: Sequence[Span], now: datetime) -> int:
    """Work out the vitals of a few nodes."""
    tracks = _read(spans)
    found: dict[UUID, Sequence[Row]] = {}
    for span in spans:
        rows = rows_of(tracks.get(span.node_id, ()), span.hostname, span.since.timestamp())
        found[span.node_id] = _whole(rows, (now - INCOMPLETE).timestamp())
    touched = _store({node_id: rows for node_id, rows in found.items() if rows}, now)
    _note({node_id: (tracks[node_id], rows) for node_id, rows in found.items() if node_id in tracks})
    return touched


def _read(spans: Sequence[Span]) -> dict[UUID, list[Track]]:
    """Return the series of each node with their samples."""
    read: dict[UUID, list[Track]] = defaultdict(list)
    params = {
        "node_ids": [span.node_id for span in spans],
        "starts": [span.starts for span in spans],
        "ends": [span.ends for span in spans],
        "oldest": min(span.starts for span in spans),
        "newest": max(span.ends for span in spans),
        "names": list(NAMES),
    }
    for row in sql.fetch_all(__file__, "read_scrapes.sql", params):
        labels = _labels(row["labels"])
        read[row["node_id"]].append(Track(row["metric_type"], labels, row["times"], row["values"]))
    return read


def _whole(rows: Sequence[Row], settled: float) -> Sequence[Row]:
    """Leave out the newest scrapes while the processor's part, the largest, is still on its way."""
    last = len(rows)
    while last and rows[last - 1].at > settled and "cpu_percent" not in rows[last - 1].vitals:
        last -= 1
    return rows[:last]


def _store(found: Mapping[UUID, Sequence[Row]], now: datetime) -> int:
    """Store rows, the newest of each node, and the hours they belong to."""
    rows = [
        {"node_id": str(node_id), "at": row.at, **_storable(row)} for node_id, each in found.items() for row in each
    ]
    if not rows:
        return 0
    text = _encode(rows).decode()
    touched = sql.fetch_all(__file__, "store_derived.sql", {"rows": text})
    if touched:
        sql.execute(__file__, "store_derived_latest.sql", {"rows": text, "now": now})
        hours = ((row["node_id"], row["timestamp"].replace(minute=0, second=0, microsecond=0)) for row in touched)
        queue_hours(hours, now=now)
        live.publish("nodes", *(f"node:{node_id}" for node_id in {row["node_id"] for row in touched}))
    return len(touched)


def _note(read: Mapping[UUID, tuple[Sequence[Track], Sequence[Row]]]) -> None:
    """Note how far each node was read: also where no series is the node's own, so that nothing is read for ever."""
    reached = [rows[-1].at if rows else max(track.times[-1] for track in tracks) for tracks, rows in read.values()]
    intervals = [_interval(rows) for _, rows in read.values()]
    progress = {"node_ids": list(read), "reached": reached, "intervals": intervals}
    sql.execute(__file__, "note_derived.sql", progress)


def _storable(row: Row) -> dict[str, Any]:
    """Return vitals as the table takes them."""
    counted = row.vitals.get("process_count")
    return {**row.vitals, "process_count": round(counted)} if isinstance(counted, float) else dict(row.vitals)


def _interval(rows: Sequence[Row]) -> float:
    """Return the seconds between the last two scrapes, the longest gap when there are no two."""
    if len(rows) < 2:
        return LONGEST_GAP_SECONDS
    return min(max(rows[-1].at - rows[-2].at, 1.0), LONGEST_GAP_SECONDS)
