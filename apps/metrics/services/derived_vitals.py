"""Vitals of nodes that foreign collectors watch: worked out of the scrapes that are stored, one row a scrape.

Nothing happens while samples come in; the worker follows within seconds, and leaves nodes alone that sent nothing new
or whose own agent tells their vitals. What a batch of nodes brought, and how far each was read, are one transaction: a
worker that ends in between loses nothing, and two workers share the nodes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction

from apps.core import live, sql
from apps.metrics.exporters import ANCHORS, NAMES, Row, rows_of_machine
from apps.metrics.scrapes import TOLERANCE_SECONDS
from apps.metrics.selectors.scrapes import add_before, read_scrapes
from apps.metrics.services.vitals_series import Change, Span, find_series

# Parts of a scrape come in several requests, and one of them may have to be repeated.
LATEST_PART: Final = timedelta(seconds=60)
INCOMPLETE: Final = timedelta(seconds=20)
RECENT: Final = timedelta(minutes=10)
OLDEST: Final = timedelta(days=7)
# Longer than any usual interval between two requests of a collector, and between two heartbeats.
HEARD: Final = timedelta(minutes=15)
OWN: Final = timedelta(minutes=5)
BATCH: Final = 200
PASS_SECONDS: Final = 8.0
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Progress:
    """How far a node is read: `reached`, `newest` row and `again` in epoch seconds; None leaves what is noted."""

    node_id: UUID
    seen: datetime
    own: datetime | None
    reached: float | None = None
    newest: float | None = None
    done: str | None = None
    again: float | None = None


def derive_vitals(*, now: datetime, seconds: float = PASS_SECONDS, batch: int = BATCH) -> int:
    """Work out the vitals of the scrapes that came since each node's turn; return how many rows were made or changed.

    Ends after about so many `seconds`; the nodes left over come first in the next run.
    """
    moments = {"now": now, "oldest": now - OLDEST, "heard_since": now - HEARD}
    until = monotonic() + seconds
    sql.execute(__file__, "meet_vitals_sources.sql", moments)
    due = [row["node_id"] for row in sql.fetch_all(__file__, "find_vitals_sources.sql", moments)]
    touched = 0
    for start in range(0, len(due), batch):
        touched += _derive(due[start : start + batch], now)
        if monotonic() >= until:
            break
    return touched


@transaction.atomic
def _derive(node_ids: Sequence[UUID], now: datetime) -> int:
    """Work out the vitals of those of a few nodes that nobody else works on."""
    params = {"node_ids": list(node_ids), "names": list(NAMES), "now": now}
    taken = sql.fetch_all(__file__, "take_vitals_sources.sql", params)
    told = {one["node_id"]: Progress(one["node_id"], one["collected_at"], one["own_at"]) for one in taken}
    for one in taken:
        if one["own_at"] is not None:
            told[one["node_id"]].again = (one["own_at"] + OWN).timestamp()
    found = _follow(_spans(taken, now), told, now)
    touched = _store(found, now)
    _note(list(told.values()), now)
    return touched


def _follow(spans: Sequence[Span], told: Mapping[UUID, Progress], now: datetime) -> dict[UUID, Sequence[Row]]:
    """Return the rows that samples of each node make or change, and note how far it is read."""
    readings = find_series(spans, now - OLDEST)
    scraped = read_scrapes(readings)
    changes = {span.node_id: Change.of(scraped.get(span.node_id, []), span) for span in spans}
    add_before(scraped, {node_id: one.since for node_id, one in changes.items() if one.since is not None})
    found: dict[UUID, Sequence[Row]] = {}
    for span in spans:
        change = changes[span.node_id]
        rows = rows_of_machine(scraped[span.node_id], change.since) if change.since is not None else []
        whole = _whole(rows, (now - INCOMPLETE).timestamp())
        found[span.node_id] = whole
        _tell(told[span.node_id], span, change, whole, rows[len(whole) :], now)
    return found


def _tell(
    progress: Progress, span: Span, change: Change, whole: Sequence[Row], waiting: Sequence[Row], now: datetime
) -> None:
    """Note how far a node is read."""
    progress.again = (now + INCOMPLETE).timestamp() if waiting else None
    if span.ends <= progress.seen:
        progress.again = now.timestamp()
    until = waiting[0].at - TOLERANCE_SECONDS if waiting else inf
    progress.reached = max((at for at in change.counts if at < until), default=None if change.counts else span.shown)
    progress.newest = whole[-1].at if whole else None
    oldest = (progress.reached or 0.0) - LATEST_PART.total_seconds()
    kept = {str(at): count for at, count in change.counts.items() if oldest <= at < until}
    progress.done = _encode(kept).decode()


def _spans(taken: Iterable[dict[str, Any]], now: datetime) -> list[Span]:
    """Return what is to be read; nothing of nodes whose agent tells their vitals, or that have no scrapes any more."""
    alone = [one for one in taken if one["own_at"] is None or one["own_at"] <= now - OWN]
    for one in alone:
        one["own_until"] = max(filter(None, (one["own_at"], one["own_until"])), default=now - OLDEST)
        one["reached"] = max(one["derived_to"], one["own_until"])
    late = [one for one in alone if one["reached"] <= now - RECENT]
    firsts = _next_scrapes(late, now) if late else {}
    spans = []
    for one in alone:
        first = firsts.get(one["node_id"])
        if first is not None:
            spans.append(Span.jump(one, first))
        elif one["reached"] > now - RECENT:
            spans.append(Span.follow(one, LATEST_PART))
    return spans


def _next_scrapes(late: Sequence[dict[str, Any]], now: datetime) -> dict[UUID, datetime]:
    """Return the first scrape of each node that was last read long ago."""
    params: dict[str, Any] = {"node_ids": [one["node_id"] for one in late], "reached": [one["reached"] for one in late]}
    params |= {"anchors": sorted(ANCHORS), "oldest": now - OLDEST}
    return {row["node_id"]: row["first_at"] for row in sql.fetch_all(__file__, "next_scrapes.sql", params)}


def _whole(rows: Sequence[Row], settled: float) -> Sequence[Row]:
    """Leave out the newest scrapes while the processor's part, the largest, is still on its way."""
    last = len(rows)
    while last and rows[last - 1].at > settled and "cpu_percent" not in rows[last - 1].vitals:
        last -= 1
    return rows[:last]


def _store(found: dict[UUID, Sequence[Row]], now: datetime) -> int:
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
        node_ids, times = [row["node_id"] for row in touched], [row["timestamp"] for row in touched]
        sql.execute(__file__, "queue_derived.sql", {"node_ids": node_ids, "at": times, "now": now})
        live.publish("nodes", *(f"node:{node_id}" for node_id in set(node_ids)))
    return len(touched)


def _note(told: Sequence[Progress], now: datetime) -> None:
    """Note how far each node was read, and when it is to be looked at again although nothing new came."""
    columns = {
        name: [getattr(one, name) for one in told] for name in ("seen", "own", "reached", "newest", "done", "again")
    }
    sql.execute(__file__, "note_derived.sql", {"node_ids": [one.node_id for one in told], "now": now, **columns})


def _storable(row: Row) -> dict[str, Any]:
    """Return vitals as the table takes them."""
    counted = row.vitals.get("process_count")
    return {**row.vitals, "process_count": round(counted)} if isinstance(counted, float) else dict(row.vitals)
