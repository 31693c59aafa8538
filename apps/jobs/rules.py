"""Which slot of a schedule is due. Pure."""

from datetime import UTC, datetime, timedelta

MOST_ATTEMPTS = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest_slot(every: timedelta, now: datetime, offset: timedelta = timedelta(0)) -> datetime:
    """Return the last multiple of `every` (plus `offset`, both since 1970 UTC) that is not after now."""
    return EPOCH + offset + (now - EPOCH - offset) // every * every


def is_due(every: timedelta, last_slot: datetime | None, now: datetime, offset: timedelta = timedelta(0)) -> bool:
    """Tell whether a slot has come that was not sent; slots missed in between are sent as this one."""
    return last_slot is None or newest_slot(every, now, offset) > last_slot
