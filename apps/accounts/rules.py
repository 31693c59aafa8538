"""How long a sign-in must wait after failures. Pure."""

from datetime import datetime, timedelta

FREE_FAILURES = {"account": 5, "address": 20}
LONGEST = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def wait_after(kind: str, failures: int) -> timedelta:
    """Return the wait a new failure costs: none for the first few, then doubling from a second up to 15 minutes."""
    beyond = failures - FREE_FAILURES[kind]
    if beyond < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(beyond, 20)), LONGEST)


def failures_counted(failures: int, last_failure_at: datetime, now: datetime) -> int:
    """Return how many failures still count: an hour of quiet forgets them."""
    return 0 if now - last_failure_at >= FORGOTTEN_AFTER else failures
