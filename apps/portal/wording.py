"""How values read on pages: times, numbers, states. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

ABBREVIATIONS = {"cpu", "gpu"}
SMALLEST, LARGEST = 1e-3, 1e9
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

# The first that is named in it counts: others call themselves these too.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS",
    "Linux": "Linux",
}  # fmt: skip


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
    """At most so many digits after the point, fewer for large numbers; a dash for nothing.

    What is too large or too small for that is written as 1.50e12, so that no number is wider than a column.
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= LARGEST or (digits and 0 < size < SMALLEST):
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    if size >= 100:
        digits = 0
    return f"{value:,.{digits}f}".replace(",", "\u202f")


def signed(value: float) -> str:
    """A difference with its sign; ± where it rounds to nothing."""
    text = number(abs(value) if abs(value) >= SMALLEST else 0.0)
    return f"±{text}" if text.strip("0.") == "" else f"{'+' if value > 0 else '−'}{text}"


def browser(user_agent: str) -> str:
    """A browser and its system by their usual names; what is none of them shows what it calls itself."""
    program = next((name for mark, name in BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    return " on ".join(filter(None, (program, system))) or user_agent[:80] or "Unknown browser"


def amounts(asked: Mapping[str, float | None], names: Mapping[str, tuple[str, str]]) -> str:
    """Amounts in words, such as "16 cores, 64 GB memory"; those that are None are left out."""
    found = []
    for name, (label, unit) in names.items():
        amount = asked.get(name)
        if amount is not None:
            what = unit if unit == "cores" else f"{unit} {label.lower() if label != 'GPUs' else label}".strip()
            found.append(f"{plain(amount)} {what}")
    return ", ".join(found)


def plain(amount: float) -> str:
    """An amount as people write it: no digits that say nothing, thin spaces between thousands."""
    return f"{amount:,.2f}".rstrip("0").rstrip(".").replace(",", "\u202f")
