"""Pure decisions: what an answer means, how long to wait, when the next measurement is due."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

LONGEST_RETRY_AFTER = 300.0
LONGEST_INTERVAL = 300.0
SHORTEST_INTERVAL = 5.0

Uniform = Callable[[float, float], float]


class Action(Enum):
    """What to do with the request that was answered."""

    DONE = "done"
    SPLIT = "split"
    QUARANTINE = "quarantine"
    RETRY = "retry"
    KEY_REFUSED = "key_refused"
    PENDING = "pending"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An action with the server's own code for the log and, when it asked for a pause, how long at least."""

    action: Action
    code: str
    retry_after: float | None = None


REFUSED = {400: Action.QUARANTINE, 409: Action.QUARANTINE, 422: Action.QUARANTINE, 413: Action.SPLIT}
FORBIDDEN_ACTIONS = {"node_pending": Action.PENDING}


def judge(status: int | None, headers: Mapping[str, str], body: object, now: datetime | None = None) -> Verdict:
    """Decide what an answer means; status None is a network error.

    A 2xx counts only with a JSON object: a captive portal's page must not empty the spool. Redirects and
    other 4xx codes come from something between agent and portal, so they are retried and nothing is lost.
    """
    code = _code_of(status, body)
    if status is None:
        return Verdict(Action.RETRY, "network")
    if 200 <= status < 300:
        return Verdict(Action.DONE, "ok") if isinstance(body, dict) else Verdict(Action.RETRY, "not_json")
    if status in REFUSED:
        return Verdict(REFUSED[status], code)
    if status == 401:
        return Verdict(Action.KEY_REFUSED, code)
    if status == 403:
        return Verdict(FORBIDDEN_ACTIONS.get(code, Action.FORBIDDEN), code)
    asked = parse_retry_after(headers.get("retry-after"), now or datetime.now(UTC)) if status in (429, 503) else None
    return Verdict(Action.RETRY, code, asked)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header (number or HTTP date) within 0..300; None without a usable one."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if seconds == seconds else None


def backoff_delay(attempt: int, base: float, ceiling: float, uniform: Uniform) -> float:
    """Exponential back-off with full jitter: from 0 to min(ceiling, base·2^attempt) seconds."""
    return uniform(0.0, min(ceiling, base * 2.0 ** min(attempt, 30)))


def retry_after_delay(asked: float, uniform: Uniform) -> float:
    """Never earlier than the server asked, and spread over as much again so that a fleet does not return at
    once.
    """
    return asked + uniform(0.0, max(asked, 1.0))


def clamp_interval(wanted: object, configured: float) -> float:
    """The server's next_in_seconds within 5..300; the configured interval when it sent nothing usable.

    An operator who configured less than 5 s meant it, so that value is then the lower bound.
    """
    seconds = _number(wanted)
    if seconds is None:
        return configured
    return min(max(seconds, min(SHORTEST_INTERVAL, configured)), LONGEST_INTERVAL)


def beat_after(due: float, now: float, interval: float) -> float:
    """Where the next interval counts from: the due instant, or now after a gap, so that no burst follows."""
    return due if now - due < interval else now


def clock_skew(server_time: object, sent_at: float, answered_at: float) -> float | None:
    """Our clock minus the server's in seconds (positive: ours is ahead), at the request's middle."""
    instant = _instant(server_time)
    return None if instant is None else round((sent_at + answered_at) / 2 - instant, 3)


def _instant(value: object) -> float | None:
    if not isinstance(value, str):
        return _number(value)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.timestamp() if parsed.tzinfo else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _code_of(status: int | None, body: object) -> str:
    code = body.get("code") if isinstance(body, dict) else None
    return code[:60] if isinstance(code, str) and code else f"http_{status}"
