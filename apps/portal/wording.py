"""How values read on pages: times, numbers, states. Pure."""

import math
from dataclasses import dataclass
from datetime import timedelta

ABBREVIATIONS = {"cpu", "gpu"}
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Look:
    """A state's word, icon and tone."""

    label: str
    icon: str
    tone: str


STATES = {
    "pending": Look("Pending", "hourglass", "info"),
    "active": Look("Active", "circle-check", "ok"),
    "inactive": Look("Inactive", "circle-dashed", "idle"),
    "maintenance": Look("Maintenance", "tool", "info"),
    "error": Look("Error", "alert-triangle", "bad"),
    "offline": Look("Offline", "plug-connected-x", "bad"),
    "retired": Look("Retired", "archive", "idle"),
}
DRAINING = Look("Draining", "logout", "warn")
UNKNOWN = Look("Unknown", "info-circle", "idle")
EVENTS = {
    "ENROLLED": Look("enrolled", "plus", "info"),
    "REENROLLED": Look("enrolled again", "refresh", "info"),
    "APPROVED": Look("was approved", "clipboard-check", "ok"),
    "CAME_ONLINE": Look("came online", "plug-connected", "ok"),
    "WENT_OFFLINE": Look("went offline", "plug-connected-x", "bad"),
    "REPORTED_ERROR": Look("reports an error", "alert-triangle", "bad"),
    "RECOVERED": Look("recovered", "circle-check", "ok"),
    "DRAINED": Look("began to drain", "logout", "warn"),
    "RETURNED": Look("returned to service", "login", "ok"),
    "RETIRED": Look("was retired", "archive", "idle"),
}
UNKNOWN_EVENT = Look("changed", "info-circle", "idle")


def relative(ago: timedelta) -> str:
    """How long ago, or in how long; the same words as `static/js/time.js`."""
    seconds = ago.total_seconds()
    size = abs(seconds)
    if size < 1.5:
        return "just now"
    unit, name = next((unit, name) for unit, name in UNITS if size >= unit)
    text = f"{int(size // unit)} {name}"
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def duration(length: timedelta) -> str:
    """A length in its two largest units, such as "3 d 4 h"."""
    seconds = max(0, int(length.total_seconds()))
    parts = []
    for unit, name in UNITS:
        if seconds >= unit:
            parts.append(f"{seconds // unit} {name}")
            seconds %= unit
    return " ".join(parts[:2]) or "0 s"


def number(value: float | None, digits: int = 1) -> str:
    """At most so many digits after the point, fewer for large numbers; a dash for nothing."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) >= 100:
        digits = 0
    return f"{value:,.{digits}f}".replace(",", "\u202f")
