"""What runs, since when, and whether it answers."""

import time
from dataclasses import dataclass

from omega_portal.stack.health import is_ready
from omega_portal.stack.places import Place
from omega_portal.stack.portal import AGENT, INGEST, PROCESSES, SERVERS, WEB
from omega_portal.stack.postgres import server_answers
from omega_portal.stack.processes import Record, find
from omega_portal.stack.valkey import NAME as VALKEY
from omega_portal.stack.valkey import valkey_answers


@dataclass(frozen=True)
class Line:
    """The state of one process."""

    name: str
    record: Record | None
    health: str

    @property
    def is_well(self) -> bool:
        """Whether it runs and, where it can be asked, answers."""
        return self.record is not None and self.health in {"ready", "running"}


def state_of_all(place: Place) -> list[Line]:
    """The portal's processes, and those of our own servers that run."""
    found = {name: find(place, name) for name in (*SERVERS, *PROCESSES, AGENT)}
    return [
        Line(name, record, _health(place, name, record))
        for name, record in found.items()
        if record is not None or name not in SERVERS
    ]


def table(lines: list[Line]) -> str:
    """The lines as columns: process, pid, port, uptime, health."""
    rows = [("process", "pid", "port", "up for", "health")]
    for line in lines:
        record = line.record
        if record is None:
            rows.append((line.name, "-", "-", "-", line.health))
        else:
            uptime = _duration(time.time() - record.started_at)
            rows.append((line.name, str(record.pid), str(record.port or "-"), uptime, line.health))
    return "\n".join(f"{a:<12} {b:>8} {c:>6} {d:>9}  {e}" for a, b, c, d, e in rows)


def _health(place: Place, name: str, record: Record | None) -> str:
    if record is None:
        return "stopped"
    port = record.port
    if port is None:
        return "running"
    if name in {WEB, INGEST}:
        answers = is_ready(port)
    elif name == VALKEY:
        answers = valkey_answers(place, port)
    else:
        answers = server_answers(place, name, port)
    return "ready" if answers else "does not answer"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes}m" if hours else f"{minutes}m {rest}s"
