"""Logins on a machine: judged one by one, stored in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from apps.core.errors import Invalid
from apps.ingest.database import Connection, fetch_one
from apps.ingest.decode import Received
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.keys import Caller, identify_one, waits_for_approval
from apps.ingest.shapes_logins import Login, LoginSessions
from apps.ingest.verdicts import NEWEST, judge_instant, seconds_of
from apps.metrics.vitals import SMALLEST

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_encode = msgspec.json.Encoder().encode
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whose logins were taken, and the content of the answer."""

    node_id: UUID
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JudgedLogins:
    """A list of logins after the pure part; times are epoch seconds. `rows` hold each login once."""

    body: LoginSessions
    at: float
    rows: list[Row]
    rejected: list[Rejection]


def judge_logins(received: Received[LoginSessions], now: datetime) -> JudgedLogins:
    """Split the list into rows to store and rejections; raises Invalid when its moment is none that is taken.

    A list with a login that is not understood ends no others: one of them may be that login.
    """
    body = received.body
    at = judge_instant(body.at, now.timestamp())
    if isinstance(at, Fault):
        raise Invalid(at.code, at.detail, field=at.field)
    rows, rejected = _split(body.sessions, received.places_of("sessions"), at)
    rejected = sorted([*received.rejected, *rejected], key=lambda one: one.index)
    body.is_complete = body.is_complete and not rejected
    return JudgedLogins(body, at, rows, rejected)


def _split(logins: Sequence[Login], places: Sequence[int], at: float) -> tuple[list[Row], list[Rejection]]:
    """Return each login once, the last word counting, and what is wrong with the others."""
    good: dict[tuple[str, str, float], Row] = {}
    bad = []
    for place, login in zip(places, logins, strict=True):
        verdict = judge_login(login, at)
        if isinstance(verdict, Fault):
            bad.append(rejection(verdict, place, "sessions"))
        else:
            good[login.username, login.terminal, verdict["login_time"]] = verdict
    return list(good.values()), bad


def judge_login(login: Login, at: float) -> Row | Fault:
    """Return the row of a login told at a moment, or say what is wrong: nobody leaves before they came, or tomorrow."""
    began = seconds_of(login.login_time, at)
    if began is None or not EARLIEST <= began <= at + NEWEST:
        return Fault("invalid_time", "A login lies between the year 2000 and the moment of the list.", "login_time")
    ended = None
    if login.logout_time is not None:
        ended = seconds_of(login.logout_time, at)
        if ended is None or not began <= ended <= at + NEWEST:
            return Fault("invalid_time", "A logout lies between its login and the moment of the list.", "logout_time")
    return {
        "username": login.username,
        "terminal": login.terminal,
        "login_time": began,
        "logout_time": ended,
        "peak_cpu_usage": _storable(login.peak_cpu_usage),
        "peak_ram_usage": _storable(login.peak_ram_usage),
        "active_processes": login.active_processes,
    }


def _storable(share: float | None) -> float | None:
    """Return a percent as four bytes can hold it."""
    return 0.0 if share is not None and share < SMALLEST else share


async def store_logins(connection: Connection, caller: Caller, judged: JudgedLogins, now: datetime) -> Outcome:
    """Store a list of logins; one sent again changes nothing. Counts new, known, and ended by a complete list."""
    reporter = await identify_one(connection, caller, now)
    if reporter.is_pending:
        raise waits_for_approval(reporter.node_id)
    params = {
        "node_id": reporter.node_id,
        "at": judged.at,
        "rows": _encode(judged.rows).decode(),
        "is_complete": judged.body.is_complete,
    }
    counts = await fetch_one(connection, "store_login_sessions.sql", params) or {}
    content = {
        "accepted": counts.get("added", 0),
        "duplicate": counts.get("known", 0),
        "ended": counts.get("ended", 0),
        "rejected": msgspec.to_builtins(judged.rejected),
        "server_time": now.isoformat(),
    }
    return Outcome(reporter.node_id, content)
