"""Which changes of a node's state are possible, and when silence begins. Pure."""

from datetime import datetime, timedelta

KEY_OVERLAP = timedelta(hours=24)
LIVE_KEYS = 2
MISSED_BEATS = 3

APPROVABLE = frozenset({"pending"})
DRAINABLE = frozenset({"active", "inactive", "error", "offline"})
RETIRABLE = frozenset({"pending", "active", "inactive", "maintenance", "error", "offline"})


def silence_begins(contact_at: datetime, interval_seconds: int, grace_seconds: int) -> datetime:
    """Return when a node counts as silent: after its grace, but never before it missed three heartbeats."""
    return contact_at + timedelta(seconds=max(grace_seconds, MISSED_BEATS * interval_seconds))


def status_after_approval(silent_after: datetime | None, now: datetime) -> str:
    """Return `active` for a node that is in contact, `inactive` for one that has yet to speak."""
    return "active" if silent_after and silent_after > now else "inactive"


def is_stale(silent_after: datetime | None, now: datetime) -> bool:
    """Tell whether what is known of a node is too old to be called its present."""
    return silent_after is None or silent_after < now
