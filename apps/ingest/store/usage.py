"""Vitals: every sample once, the newest of the node, and the mark that its hours must be rolled up again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from apps.ingest.database import Connection, execute, fetch_count
from apps.ingest.keys import Reporter
from apps.ingest.verdicts import GoodUsage

HOUR: Final = 3600
_encode = msgspec.json.Encoder().encode


async def store_usage(connection: Connection, reporter: Reporter, rows: Sequence[GoodUsage], now: datetime) -> int:
    """Store vitals and return how many of them are new."""
    if not rows:
        return 0
    newest = max(rows, key=lambda row: row["at"])
    hours = sorted({float(row["at"] // HOUR * HOUR) for row in rows})
    node = {"node_id": reporter.node_id, "now": now}
    await execute(connection, "store_latest.sql", {**node, "row": _encode(newest).decode()})
    await execute(connection, "queue_rollup.sql", {**node, "hours": hours})
    return await fetch_count(connection, "store_usage.sql", {**node, "rows": _encode(rows).decode()})
