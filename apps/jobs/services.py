"""The timetable's promises: one beat sends, each slot is worked on once, and every run leaves a row."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from apps.core import sql
from apps.core.text import storable
from apps.jobs.models import BeatLease, JobRun, RunStatus, ScheduleMark
from apps.jobs.rules import EPOCH, MOST_ATTEMPTS

log = logging.getLogger(__name__)
LEASE_SECONDS = 10
RUN_LEASE_SECONDS = 120
RUNS_KEPT = timedelta(hours=6)
BEAT = "beat"


def take_lease(holder: str) -> int | None:
    """Take or renew the right to send the timetable; returns its token, None while another holds it."""
    rows = sql.fetch_all(__file__, "take_lease.sql", {"name": BEAT, "holder": holder, "seconds": LEASE_SECONDS})
    return rows[0]["token"] if rows else None


def give_lease_back(holder: str) -> None:
    """End one's lease now, so that another beat need not wait for it to run out; the token stays."""
    BeatLease.objects.filter(name=BEAT, holder=holder).update(lease_until=EPOCH)


def mark_slot(schedule: str, slot: datetime, token: int) -> bool:
    """Note that a slot was sent; False when a later lease was there first."""
    return bool(sql.fetch_all(__file__, "mark_slot.sql", {"schedule": schedule, "slot": slot, "token": token}))


def marked_slots() -> dict[str, datetime]:
    """Return the newest slot sent of every schedule."""
    return dict(ScheduleMark.objects.values_list("schedule", "last_slot"))


def run_slot(schedule: str, slot: datetime, work: Callable[[], object], *, now: Callable[[], datetime]) -> bool:
    """Do the work of a slot once; returns whether it was ours to do.

    The claim is committed before the work and the outcome after it: a worker killed in between leaves a
    lease that runs out, and a later delivery of the same message tries again, five times at most.
    """
    claim = {"schedule": schedule, "slot": slot, "seconds": RUN_LEASE_SECONDS, "most": MOST_ATTEMPTS}
    rows = sql.fetch_all(__file__, "claim_slot.sql", claim)
    if not rows or rows[0]["status"] == RunStatus.DEAD:
        return False
    run = JobRun.objects.filter(schedule=schedule, slot=slot, attempts=rows[0]["attempts"])
    try:
        work()
    except Exception as error:
        log.exception("%s of %s failed", schedule, slot)
        status = RunStatus.DEAD if rows[0]["attempts"] >= MOST_ATTEMPTS else RunStatus.FAILED
        said = f"{type(error).__name__}: {error}"[:2000]
        run.update(status=status, finished_at=now(), error=storable(said))
        return True
    run.update(status=RunStatus.DONE, finished_at=now(), error="")
    return True


@transaction.atomic
def forget_old_runs(*, now: datetime) -> int:
    """Delete finished runs older than six hours; failures and dead ones stay thirty days."""
    old = JobRun.objects.filter(status=RunStatus.DONE, finished_at__lt=now - RUNS_KEPT)
    very_old = JobRun.objects.exclude(status=RunStatus.DONE).filter(slot__lt=now - timedelta(days=30))
    return old.delete()[0] + very_old.delete()[0]
