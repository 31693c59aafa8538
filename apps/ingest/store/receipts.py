"""Receipts of batches: the same batch is stored once and always answered alike."""

from collections.abc import Sequence
from dataclasses import replace
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


async def answer_repeats(connection: Connection, accepted: Sequence[Accepted]) -> list[Accepted]:
    """Answer batches that have a receipt from it and return the works that may be new, each batch once.

    What was sent again must leave no trace, whatever it holds now, so nothing else may come before this.
    """
    firsts: dict[Batch, Accepted] = {}
    for one in accepted:
        if batch := batch_of(one):
            firsts.setdefault(batch, one)
    for batch in await _answer_from(connection, firsts):
        del firsts[batch]
    return [one for one in accepted if (batch := batch_of(one)) is None or firsts.get(batch) is one]


async def store_receipts(connection: Connection, fresh: Sequence[Accepted]) -> list[Accepted]:
    """Write a receipt for each batch, each given once, and return the works to be stored.

    A batch that somebody else stored meanwhile is answered by the receipt that came first. The counts in `done` go into
    the receipts as they are; `correct_receipts` mends what turns out otherwise.
    """
    firsts = {batch: one for one in fresh if (batch := batch_of(one))}
    if not firsts:
        return list(fresh)
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
    return [one for one in fresh if (batch := batch_of(one)) is None or batch in new]


async def _answer_from(connection: Connection, repeats: dict[Batch, Accepted]) -> set[Batch]:
    """Fill in the answers that older receipts hold, and return which batches have one."""
    if not repeats:
        return set()
    params = {"node_ids": [batch[0] for batch in repeats], "batch_ids": [batch[1] for batch in repeats]}
    rows = {(row["node_id"], row["batch_id"]): row for row in await fetch_all(connection, "find_receipts.sql", params)}
    for batch, row in rows.items():
        done = repeats[batch].done
        done.accepted, done.duplicate, done.received_at = row["accepted"], row["duplicate"], row["received_at"]
        done.rejected, done.is_repeat = msgspec.convert(row["rejected"], list[Rejection]), True
    return set(rows)


def share_answers(accepted: Sequence[Accepted]) -> list[Done]:
    """Return the answer of each work: that of the first with the same batch, whose repeats the others are."""
    firsts: dict[Batch, Done] = {}
    answers = []
    for one in accepted:
        batch = batch_of(one)
        first = one.done if batch is None else firsts.setdefault(batch, one.done)
        answers.append(first if first is one.done else replace(first, is_repeat=True))
    return answers


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
