"""Logins as agents send them: unknown fields are refused, absent ones are None."""

from typing import Annotated

from msgspec import Meta, Raw

from apps.ingest.shapes import Instant, Percent, Pid, Strict, Text255

MOST_LOGINS = 1000
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Terminal = Annotated[str, Meta(max_length=100)]


class LoginProcess(Strict):
    """One of a person's major processes; shares are of the whole machine."""

    name: Text255
    pid: Pid | None = None
    cpu_percent: Percent | None = None
    memory_percent: Percent | None = None


class Login(Strict):
    """One login; without `logout_time` it was still open when the list was made."""

    username: Name
    login_time: str | float
    terminal: Terminal = ""
    logout_time: Instant = None
    peak_cpu_usage: Percent | None = None
    peak_ram_usage: Percent | None = None
    active_processes: Annotated[list[LoginProcess], Meta(max_length=20)] = []


class LoginSessions(Strict):
    """Logins as they were at one moment; a complete list ends those of the node that it does not name."""

    sessions: Annotated[list[Login], Meta(max_length=MOST_LOGINS)]
    at: Instant = None
    is_complete: bool = False
    node_id: str | None = None


class LooseLoginSessions(LoginSessions, kw_only=True):
    """A list whose items are decoded one by one, so that a bad one costs itself only."""

    sessions: Annotated[list[Raw], Meta(max_length=MOST_LOGINS)]  # type: ignore[assignment]
