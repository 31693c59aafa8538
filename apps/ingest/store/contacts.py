"""That nodes were heard: their heartbeats, when silence would begin, and what they are to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from apps.ingest.database import Connection, execute, send
from apps.ingest.work import Accepted, Beat

_encode = msgspec.json.Encoder().encode


async def send_heartbeats(connection: Connection, heard: Sequence[Accepted]) -> None:
    """Add heartbeats as rows of their own, those of approved nodes only."""
    beats = [_beat_row(one, beat) for one in heard if (beat := one.work.beat) and not one.done.reporter.is_pending]
    if beats:
        await execute(connection, "store_heartbeats.sql", {"rows": _encode(beats).decode()})


async def send_contacts(connection: Connection, heard: Sequence[Accepted]) -> None:
    """Note who was heard, and of each node what was said last."""
    contacts: dict[UUID, dict[str, Any]] = {}
    # In the order of their arrival: a request that was long under way has not the last word.
    for one in sorted(heard, key=lambda one: one.work.write.now):
        if one.work.is_contact:
            told = {name: value for name, value in _contact_row(one).items() if value is not None}
            contacts[one.node_id] = contacts.get(one.node_id, {"is_beat": False}) | told
    if contacts:
        await execute(connection, "note_contacts.sql", {"rows": _encode(list(contacts.values())).decode()})


async def send_for_commands(connection: Connection, heard: Sequence[Accepted], now: datetime) -> Any:
    """Ask what the nodes with heartbeats are to do; returns what `hand_out` takes."""
    node_ids = list({one.node_id for one in heard if one.work.beat})
    return await send(connection, "deliver_commands.sql", {"node_ids": node_ids, "now": now}) if node_ids else None


async def hand_out(asked: Any, heard: Sequence[Accepted]) -> None:
    """Give each command to the newest heartbeat of its node."""
    newest = {one.node_id: one for one in heard if one.work.beat}
    for row in await asked.fetchall() if asked else ():
        command = {"id": str(row["command_id"]), "command": row["command"], "arguments": row["arguments"]}
        newest[row["node_id"]].done.commands.append(command)


def _beat_row(one: Accepted, beat: Beat) -> dict[str, Any]:
    """Return a heartbeat as a row."""
    return {
        "node_id": one.node_id,
        "at": one.work.write.now,
        "config_hash": beat.config_hash,
        "status": beat.status,
        "error": beat.error,
        "metrics_data": msgspec.Raw(beat.metrics_data),
    }


def _contact_row(one: Accepted) -> dict[str, Any]:
    """Return what a contact changes of its node."""
    write, beat = one.work.write, one.work.beat
    said = {
        "node_id": one.node_id,
        "at": write.now,
        "agent_version" if beat else "sender": write.agent_version,
        "collected_at": write.now if write.is_vitals_source else None,
    }
    if beat is None:
        return said
    return said | {
        "is_beat": True,
        "status": beat.status,
        "error": beat.error,
        "config_hash": beat.config_hash,
        "clock_skew": beat.clock_skew,
    }
