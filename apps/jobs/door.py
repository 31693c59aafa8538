"""What every timed task is: a claim on its slot around one service call."""

from collections.abc import Callable
from datetime import UTC, datetime

from apps.core.context import RequestContext, acting
from apps.jobs.services import run_slot


def clock() -> datetime:
    """Return the present; tasks read it here and hand it down."""
    return datetime.now(UTC)


def timed(schedule: str, slot: str | None, work: Callable[[datetime], object]) -> bool:
    """Run `work(now)` as the system for the slot the timetable sent; returns whether it was ours to do.

    Without a slot (called by hand) the present second is the slot.
    """
    at = datetime.fromisoformat(slot) if slot else clock().replace(microsecond=0)
    with acting(
        RequestContext(user_email="", user_role="SYSTEM", tenant_ids="all", request_id=f"{schedule}@{at:%FT%TZ}")
    ):
        return run_slot(schedule, at, lambda: work(clock()), now=clock)
