"""Signs of life without the data they came with: what is left to do when the data has to wait for somebody's locks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.errors import PortalError
from apps.ingest.database import Connection, fetch_all, set_limits
from apps.ingest.keys import identify
from apps.ingest.store.contacts import send_contacts
from apps.ingest.work import Accepted, Done, Work


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life of a node; it is not noted where somebody holds the node's row."""

    node_id: UUID
    is_noted: bool


async def note_signs_of_life(
    connection: Connection, works: Sequence[Work], now: datetime, lock_milliseconds: int
) -> list[Sign | PortalError]:
    """Note in one transaction who was heard; return for each work its sign of life, or why its sender is refused.

    Nobody is waited for: a node whose row somebody holds right now is passed over.
    """
    async with connection.transaction():
        await set_limits(connection, lock_milliseconds)
        reporters = await identify(connection, [work.write.caller for work in works], now)
        heard = [
            Accepted(work, Done(reporter, work.write.now))
            for work, reporter in zip(works, reporters, strict=True)
            if not isinstance(reporter, PortalError)
        ]
        params = {"node_ids": list({one.node_id for one in heard})}
        free = {row["node_id"] for row in await fetch_all(connection, "lock_free_nodes.sql", params)}
        await send_contacts(connection, [one for one in heard if one.node_id in free])
    return [
        reporter if isinstance(reporter, PortalError) else Sign(reporter.node_id, reporter.node_id in free)
        for reporter in reporters
    ]
