"""What follows from stored requests: `node_latest` (the newest vitals of each node), `usage_rollup_queue` (the hours to
be rolled up again) and `metric_families` (what senders say of metrics by their names).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from apps.ingest.database import Connection, execute
from apps.ingest.store.memory import HOUR, Mark
from apps.ingest.work import Accepted

_encode = msgspec.json.Encoder().encode


async def send_latest(connection: Connection, stored: Sequence[Accepted], now: datetime) -> None:
    """Send the newest vitals of each node."""
    newest: dict[UUID, dict[str, Any]] = {}
    for one in stored:
        for row in one.work.write.usage:
            if one.node_id not in newest or newest[one.node_id]["at"] < row["at"]:
                newest[one.node_id] = {**row, "node_id": one.node_id}
    if newest:
        await execute(connection, "store_latest.sql", {"rows": _encode(list(newest.values())).decode(), "now": now})


def marks_of(stored: Sequence[Accepted]) -> set[Mark]:
    """Return the hours of nodes that samples and vitals fall into."""
    marks: set[Mark] = set()
    for one in stored:
        write = one.work.write
        hours = {row["at"] // HOUR * HOUR for row in write.usage}
        if write.samples is not None and len(write.samples):
            first, last = write.samples.at.min() // HOUR * HOUR, write.samples.at.max() // HOUR * HOUR
            hours.update({first, last} if last - first <= HOUR else np.unique(write.samples.at // HOUR * HOUR).tolist())
        marks.update((one.node_id, float(hour)) for hour in hours)
    return marks


async def send_marks(connection: Connection, marks: Sequence[Mark], now: datetime) -> None:
    """Mark hours as out of date, those that are over also where a roll-up holds the mark right now."""
    past = [mark for mark in marks if mark[1] + HOUR <= now.timestamp()]
    still_open = [mark for mark in marks if mark[1] + HOUR > now.timestamp()]
    for statement, some in (("queue_rollup.sql", past), ("queue_open_hours.sql", still_open)):
        if some:
            columns = {"node_ids": [node_id for node_id, _ in some], "hours": [hour for _, hour in some]}
            await execute(connection, statement, columns | {"now": now})


async def send_families(connection: Connection, stored: Sequence[Accepted]) -> None:
    """Send what senders say of metrics; of several the last word counts."""
    said: dict[tuple[UUID, str], dict[str, Any]] = {}
    for one in stored:
        tenant_id = one.done.reporter.tenant_id
        for family in one.work.write.families:
            said[tenant_id, family.metric_type] = {"tenant_id": tenant_id, **family._asdict()}
    if said:
        await execute(connection, "store_families.sql", {"rows": _encode(list(said.values())).decode()})
