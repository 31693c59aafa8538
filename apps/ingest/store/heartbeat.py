"""A heartbeat: the node was heard, what it measured is stored, and it hears what it is to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from apps.ingest.database import Connection, execute, fetch_all
from apps.ingest.decode import Received
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.keys import Caller, Outcome, Reporter, identify
from apps.ingest.shapes import Heartbeat
from apps.ingest.store.metrics import NO_ROOM
from apps.ingest.store.series import store_samples
from apps.ingest.store.usage import store_usage
from apps.ingest.verdicts import GoodSample, GoodUsage, clock_skew, judge_samples, judge_usage, kept_places

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class JudgedHeartbeat:
    """A heartbeat after the pure part."""

    beat: Heartbeat
    usage: list[GoodUsage]
    samples: list[GoodSample]
    sample_places: Sequence[int]
    rejected: list[Rejection]
    clock_skew: float | None


def judge_heartbeat(received: Received[Heartbeat], now: datetime) -> JudgedHeartbeat:
    """Apply every rule to a decoded heartbeat; measurements may be refused, the sign of life counts."""
    beat, seconds = received.body, now.timestamp()
    places = received.places_of("metrics")
    samples, bad = judge_samples(beat.metrics, places, "metrics", seconds)
    rejected = [*received.rejected, *bad]
    usage: list[GoodUsage] = []
    if beat.usage is not None:
        verdict = judge_usage(beat.usage, seconds)
        if isinstance(verdict, Fault):
            rejected.append(rejection(verdict, 0, "usage"))
        else:
            usage.append(verdict)
    return JudgedHeartbeat(beat, usage, samples, kept_places(places, bad), rejected, clock_skew(beat.at, seconds))


async def store_heartbeat(connection: Connection, caller: Caller, judged: JudgedHeartbeat, now: datetime) -> Outcome:
    """Note the contact and store what came with it; the answer of a node that waits for approval has no content."""
    reporter = await identify(connection, caller, now)
    contact = _contact(reporter, judged, now)
    await execute(connection, "note_contact.sql", contact)
    if reporter.is_pending:
        return Outcome(reporter.node_id, {})
    await execute(connection, "store_heartbeat.sql", contact)
    fresh = await store_usage(connection, reporter, judged.usage, now)
    stored = await store_samples(connection, reporter, judged.samples)
    rows = await fetch_all(connection, "deliver_commands.sql", {"node_id": reporter.node_id, "now": now})
    commands = [
        {"id": str(row["command_id"]), "command": row["command"], "arguments": row["arguments"]} for row in rows
    ]
    rejected = [
        *judged.rejected,
        *(rejection(NO_ROOM, judged.sample_places[place], "metrics") for place in stored.homeless),
    ]
    return Outcome(reporter.node_id, _answer(reporter, commands, fresh + stored.accepted, rejected, now))


def _contact(reporter: Reporter, judged: JudgedHeartbeat, now: datetime) -> dict[str, Any]:
    """Return what the statements of a contact take."""
    beat = judged.beat
    told = {"usage": judged.usage[0] if judged.usage else None, "metrics": [_told(one) for one in judged.samples]}
    return {
        "node_id": reporter.node_id,
        "now": now,
        "status": beat.status,
        "error": beat.error or "",
        "config_hash": beat.config_hash,
        "agent_version": beat.agent_version,
        "clock_skew": judged.clock_skew,
        "metrics_data": _encode({name: value for name, value in told.items() if value}).decode(),
    }


def _told(sample: GoodSample) -> dict[str, Any]:
    """Return a sample as a heartbeat keeps it."""
    told = {"type": sample.key.metric_type, "value": sample.value, "unit": sample.unit, "at": sample.at}
    labels = {} if sample.key.labels == "{}" else {"labels": msgspec.Raw(sample.key.labels.encode())}
    return {**told, **labels}


def _answer(
    reporter: Reporter, commands: list[dict[str, Any]], accepted: int, rejected: list[Rejection], now: datetime
) -> dict[str, Any]:
    """Return the answer to an approved node; no configuration is wanted yet, hence the empty hash."""
    return {
        "config_hash": "",
        "commands": commands,
        "next_in_seconds": reporter.heartbeat_interval_seconds,
        "server_time": now.isoformat(),
        "accepted": accepted,
        "rejected": rejected,
    }
