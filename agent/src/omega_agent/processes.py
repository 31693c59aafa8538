"""The top processes by processor and by memory, and how many people are logged in."""

from dataclasses import dataclass
from typing import Any

import psutil

from omega_agent.scrub import scrub_command

TOP = 20


@dataclass(frozen=True, slots=True)
class Usage:
    """One process's share: percent of the whole machine (0..100), bytes of resident memory."""

    process: psutil.Process
    cpu_percent: float
    rss: int


class ProcessReader:
    """Remembers processes between readings, because their processor share is measured since the last one."""

    def __init__(self) -> None:
        self._cores = psutil.cpu_count() or 1
        self._total_memory = psutil.virtual_memory().total
        self._measure()

    def read(self) -> list[dict[str, Any]]:
        """At most 40 processes: the 20 busiest and the 20 largest, busiest first."""
        described = (self._describe(usage) for usage in top_usages(self._measure()))
        return [row for row in described if row is not None]

    def _measure(self) -> list[Usage]:
        usages = []
        for process in psutil.process_iter():
            try:
                with process.oneshot():
                    share = min(process.cpu_percent() / self._cores, 100.0)
                    usages.append(Usage(process, share, process.memory_info().rss))
            except psutil.Error:
                continue
        return usages

    def _describe(self, usage: Usage) -> dict[str, Any] | None:
        process = usage.process
        try:
            with process.oneshot():
                return {
                    "pid": process.pid,
                    "name": clean(process.name())[:100],
                    "username": clean(process.username())[:64],
                    "cpu_percent": round(usage.cpu_percent, 2),
                    "memory_percent": round(min(100 * usage.rss / self._total_memory, 100.0), 3),
                    "rss_mb": round(usage.rss / 1e6, 3),
                    "status": str(process.status()),
                    "command": clean(_command_of(process)),
                }
        except psutil.Error:
            return None


def top_usages(usages: list[Usage]) -> list[Usage]:
    """The union of the 20 with most processor time and the 20 with most memory, busiest first."""
    busiest = sorted(usages, key=lambda usage: usage.cpu_percent, reverse=True)[:TOP]
    largest = sorted(usages, key=lambda usage: usage.rss, reverse=True)[:TOP]
    chosen = {usage.process.pid: usage for usage in [*busiest, *largest]}
    return sorted(chosen.values(), key=lambda usage: (-usage.cpu_percent, -usage.rss))


def logged_in_users() -> int:
    """How many log-in sessions the machine has now."""
    return len(psutil.users())


def clean(text: str) -> str:
    """Text that every JSON reader takes: no NUL, no lone surrogate from undecodable bytes."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")


def _command_of(process: psutil.Process) -> str:
    try:
        return scrub_command(process.cmdline())
    except psutil.AccessDenied:
        return ""
