"""Timed tasks of the time series."""

from celery import shared_task

from apps.jobs.door import timed
from apps.metrics import services

MOST_HOURS_A_RUN = 20_000


@shared_task
def roll_up(slot: str | None = None) -> bool:
    """Recompute the hours that got new samples."""
    return timed("metrics.roll_up", slot, lambda now: services.roll_up(limit=MOST_HOURS_A_RUN))


@shared_task
def ensure_partitions(slot: str | None = None) -> bool:
    """Make the partitions of the days to come."""
    return timed("metrics.ensure_partitions", slot, lambda now: services.ensure_partitions(now=now))


@shared_task
def drop_expired(slot: str | None = None) -> bool:
    """Drop what is past its retention."""
    return timed("metrics.drop_expired", slot, lambda now: services.drop_expired(now=now))


@shared_task
def derive_vitals(slot: str | None = None) -> bool:
    """Work out the vitals of nodes that foreign collectors watch."""
    return timed("metrics.derive_vitals", slot, lambda now: services.derive_vitals(now=now))
