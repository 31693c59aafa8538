"""Timed tasks about timed tasks."""

from celery import shared_task

from apps.jobs import services
from apps.jobs.door import timed


@shared_task
def forget_old_runs(slot: str | None = None) -> bool:
    """Delete finished runs nobody will ask for."""
    return timed("jobs.forget_old_runs", slot, lambda now: services.forget_old_runs(now=now))
