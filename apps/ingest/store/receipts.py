"""Receipts of batches: the same batch is stored once and always answered alike."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from apps.ingest.database import Connection, execute, fetch_all
from apps.ingest.faults import Rejection
from apps.ingest.work import Accepted, Done

_encode = msgspec.json.Encoder().encode
Batch = tuple[UUID, UUID]


def batch_of(one: Accepted) -> Batch | None:
    """Return what names a work's receipt, if it has one."""
    return (one.node_id, one.work.write.batch_id) if one.work.write.batch_id else None


async def store_receipts(connection: Connection, accepted: Sequence[Accepted]) -> list[Accepted]:
    """Write a receipt for each batch and return the works to be stored; the others are answered by older receipts.

    The counts in `done` go into the receipts as they are; `correct_receipts` mends what turns out otherwise.
    """
    firsts: dict[Batch, Accepted] = {}
    for one in accepted:
        if batch := batch_of(one):
            firsts.setdefault(batch, one)
    if not firsts:
        return list(accepted)
    rows = [
        {
            "node_id": node_id,
            "batch_id": batch_id,
            "accepted": one.done.accepted,
            "rejected": one.done.rejected,
            "received_at": one.done.received_at,
        }
        for (node_id, batch_id), one in firsts.items()
    ]
    written = await fetch_all(connection, "store_receipts.sql", {"rows": _encode(rows).decode()})
    new = {(row["node_id"], row["batch_id"]) for row in written}
    await _answer_from(connection, {batch: one for batch, one in firsts.items() if batch not in new})
    return [one for one in accepted if (batch := batch_of(one)) is None or (firsts[batch] is one and batch in new)]


async def _answer_from(connection: Connection, repeats: dict[Batch, Accepted]) -> None:
    """Fill in the answers that older receipts hold."""
    if not repeats:
        return
    params = {"node_ids": [batch[0] for batch in repeats], "batch_ids": [batch[1] for batch in repeats]}
    for row in await fetch_all(connection, "find_receipts.sql", params):
        done = repeats[row["node_id"], row["batch_id"]].done
        done.accepted, done.duplicate, done.received_at = row["accepted"], row["duplicate"], row["received_at"]
        done.rejected, done.is_repeat = msgspec.convert(row["rejected"], list[Rejection]), True


def share_answers(accepted: Sequence[Accepted]) -> list[Done]:
    """Return the answer of each work: that of the first with the same batch."""
    firsts: dict[Batch, Done] = {}
    return [one.done if (batch := batch_of(one)) is None else firsts.setdefault(batch, one.done) for one in accepted]


async def correct_receipts(connection: Connection, stored: Sequence[Accepted]) -> None:
    """Write the counts of batches of which something was there already."""
    rows: list[dict[str, Any]] = [
        {
            "node_id": batch[0],
            "batch_id": batch[1],
            "accepted": one.done.accepted,
            "duplicate": one.done.duplicate,
        }
        for one in stored
        if (batch := batch_of(one)) and one.done.duplicate
    ]
    if rows:
        await execute(connection, "correct_receipts.sql", {"rows": _encode(rows).decode()})
