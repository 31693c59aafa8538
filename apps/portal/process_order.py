"""Orders of the process list. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.metrics.models import ProcessSnapshot

DEFAULT = "-cpu_percent"
KEYS: dict[str, Callable[[ProcessSnapshot], Any]] = {
    "pid": lambda row: row.pid,
    "name": lambda row: row.name.lower(),
    "username": lambda row: row.username.lower(),
    "cpu_percent": lambda row: row.cpu_percent or 0.0,
    "memory_percent": lambda row: row.memory_percent or 0.0,
    "rss_mb": lambda row: row.rss_mb or 0.0,
}


def in_order(rows: Sequence[ProcessSnapshot], sort: str) -> tuple[list[ProcessSnapshot], str]:
    """The rows in the asked order and that order's name; an unknown one counts as busiest first."""
    name = sort if sort.removeprefix("-") in KEYS else DEFAULT
    return sorted(rows, key=KEYS[name.removeprefix("-")], reverse=name.startswith("-")), name
