"""Who is logged in on the machine: told when it changes, and now and then for the peaks."""

from collections.abc import Callable, Iterable
from typing import Any

import psutil

from omega_agent.processes import clean

RETELL_SECONDS = 600.0
MOST_OPEN, MOST_ENDED, MOST_PROCESSES = 500, 200, 5
Key = tuple[str, str, float]
Login = dict[str, Any]


class LoginReader:
    """Remembers open logins between readings, so that it can tell which ended and how busy they ever were."""

    def __init__(self, users: Callable[[], Iterable[Any]] = psutil.users) -> None:
        self._users = users
        self._open: dict[Key, Login] = {}
        self._told_at: float | None = None

    def read(self, at: float, processes: list[dict[str, Any]], waiting: dict[str, Any] | None) -> dict[str, Any] | None:
        """The body to send, or None when there is no news; `waiting` is one not answered yet, whose ends go along."""
        before = self._open
        self._open = {key: self._grown(key, processes) for key in self._keys(at)}
        ended = [{**login, "logout_time": at} for key, login in before.items() if key not in self._open]
        is_due = self._told_at is None or (bool(self._open) and at - self._told_at >= RETELL_SECONDS)
        if not is_due and before.keys() == self._open.keys():
            return None
        self._told_at = at
        kept = [login for login in (waiting or {}).get("sessions", []) if "logout_time" in login]
        open_now = list(self._open.values())
        return {
            "at": at,
            "is_complete": len(open_now) <= MOST_OPEN,
            "sessions": [*open_now[:MOST_OPEN], *[*kept, *ended][-MOST_ENDED:]],
        }

    def _keys(self, at: float) -> list[Key]:
        return [
            (clean(user.name)[:255], clean(user.terminal or "")[:100], round(min(user.started, at), 3))
            for user in self._users()
            if user.name
        ]

    def _grown(self, key: Key, processes: list[dict[str, Any]]) -> Login:
        username, terminal, began = key
        own = [process for process in processes if process["username"] == username]
        known = self._open.get(key, {})
        return {
            "username": username,
            "terminal": terminal,
            "login_time": began,
            "peak_cpu_usage": _peak(known.get("peak_cpu_usage", 0.0), own, "cpu_percent"),
            "peak_ram_usage": _peak(known.get("peak_ram_usage", 0.0), own, "memory_percent"),
            "active_processes": [
                {name: process[name] for name in ("name", "pid", "cpu_percent", "memory_percent")}
                for process in own[:MOST_PROCESSES]
            ],
        }


def _peak(before: float, processes: list[dict[str, Any]], share: str) -> float:
    """The largest share of the machine that somebody's major processes had together, in percent."""
    together = sum(float(process[share]) for process in processes)
    return round(max(before, min(together, 100.0)), 3)
