"""Timed tasks about timed tasks, and about the audit log, which knows no timetable."""

from contextlib import suppress
from datetime import datetime

from celery import shared_task

from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.jobs import services
from apps.jobs.door import clock, timed


@shared_task
def forget_old_runs(slot: str | None = None) -> bool:
    """Delete finished runs nobody will ask for."""
    return timed("jobs.forget_old_runs", slot, lambda now: services.forget_old_runs(now=now))


@shared_task
def seal_audit(slot: str | None = None) -> bool:
    """Put new audit entries under seals, and new seals into the anchor file."""
    return timed("jobs.seal_audit", slot, lambda now: (audit.seal_entries(now=now), audit.write_anchors()))


@shared_task
def verify_audit(slot: str | None = None) -> bool:
    """Work on the verification that somebody asked for."""
    return timed("jobs.verify_audit", slot, lambda now: audit.advance_verification(clock=clock))


@shared_task
def request_audit_verification(slot: str | None = None) -> bool:
    """Ask for the nightly verification; one that goes on already will do."""
    return timed("jobs.request_audit_verification", slot, _request)


@shared_task
def forget_strangers(slot: str | None = None) -> bool:
    """Blank who strangers were in audit entries older than 90 days."""
    return timed("jobs.forget_strangers", slot, lambda now: audit.erase_strangers(now=now))


def _request(now: datetime) -> None:
    """Ask, unless somebody did."""
    with suppress(Conflict):
        audit.request_verification(by=None, now=now)
