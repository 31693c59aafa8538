"""Parcels, the rows of `usage_metrics` (vitals) and of `process_snapshots` (lists of processes) that requests bring.

All of a group go in one statement for each table, which also yields what of each request was new.

The door may add such rows but not read them, so a statement says only how many it added. Where that is less than was
sent, it is taken back, and each request's rows are stored by a statement of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.ingest.database import Connection, send, stored_count
from apps.ingest.work import Accepted

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one request brings for one statement: rows as it takes them, which make so many in the table."""

    statement: str
    owner: Accepted
    rows: list[dict[str, Any]]
    size: int


def parcels_of(stored: Sequence[Accepted]) -> list[Parcel]:
    """Return the vitals of all works, then their lists of processes, by node."""
    ordered = sorted(stored, key=lambda one: one.node_id)
    usage = [
        Parcel("store_usage.sql", one, [{**row, "node_id": one.node_id} for row in rows], len(rows))
        for one in ordered
        if (rows := one.work.write.usage)
    ]
    return usage + [
        Parcel("store_processes.sql", one, [_listed(one, listing.at, listing.rows)], len(listing.rows))
        for one in ordered
        if (listing := one.work.listing)
    ]


async def send_parcels(connection: Connection, parcels: Sequence[Parcel]) -> list[Any]:
    """Send all parcels, each statement once; returns what `count` takes."""
    if not parcels:
        return []
    await connection.execute("SAVEPOINT parcels")
    statements = dict.fromkeys(parcel.statement for parcel in parcels)
    return [
        await _send(connection, name, [row for parcel in parcels if parcel.statement == name for row in parcel.rows])
        for name in statements
    ]


async def count(connection: Connection, parcels: Sequence[Parcel], sent: list[Any]) -> None:
    """Add what of each parcel was new to what its work has accepted."""
    if sum([await stored_count(one) for one in sent]) == sum(parcel.size for parcel in parcels):
        counts = [parcel.size for parcel in parcels]
    else:
        await connection.execute("ROLLBACK TO SAVEPOINT parcels")
        async with connection.pipeline():
            sent = [await _send(connection, parcel.statement, parcel.rows) for parcel in parcels]
        counts = [await stored_count(one) for one in sent]
    for parcel, new in zip(parcels, counts, strict=True):
        parcel.owner.done.accepted += new


async def _send(connection: Connection, statement: str, rows: list[dict[str, Any]]) -> Any:
    """Send one statement."""
    return await send(connection, statement, {"rows": _encode(rows).decode()})


def _listed(one: Accepted, at: float, rows: list[Any]) -> dict[str, Any]:
    """Return a list of processes as the statement takes it."""
    return {"node_id": one.node_id, "at": at, "rows": rows}
