"""The top processes of a machine at one moment."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from apps.core.errors import Invalid
from apps.ingest.database import Connection, fetch_count
from apps.ingest.faults import Fault
from apps.ingest.keys import Caller, Outcome, identify
from apps.ingest.shapes import Processes
from apps.ingest.verdicts import SMALLEST, judge_instant

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class JudgedProcesses:
    """A list of processes after the pure part; `at` is epoch seconds."""

    body: Processes
    at: float


def judge_processes(body: Processes, now: datetime) -> JudgedProcesses:
    """Fix the moment; raises Invalid when it is not one that is taken."""
    at = judge_instant(body.at, now.timestamp())
    if isinstance(at, Fault):
        raise Invalid(at.code, at.detail, field=at.field)
    for process in body.processes:
        for name in ("cpu_percent", "memory_percent", "rss_mb"):
            if (getattr(process, name) or SMALLEST) < SMALLEST:
                setattr(process, name, 0.0)
    return JudgedProcesses(body, at)


async def store_processes(connection: Connection, caller: Caller, judged: JudgedProcesses, now: datetime) -> Outcome:
    """Store a list of processes; one sent again adds nothing."""
    reporter = await identify(connection, caller, now)
    reporter.must_be_approved()
    processes = judged.body.processes
    params = {"node_id": reporter.node_id, "at": judged.at, "rows": _encode(processes).decode()}
    stored = await fetch_count(connection, "store_processes.sql", params)
    content = {"accepted": stored, "duplicate": len(processes) - stored, "server_time": now.isoformat()}
    return Outcome(reporter.node_id, content)
