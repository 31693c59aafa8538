"""Timed tasks of the time series."""

from celery import shared_task

from apps.jobs.door import clock, timed
from apps.metrics import services
from apps.metrics.services.correction_work import advance_corrections, forget_corrected
from apps.metrics.services.retention_policy import apply_changes

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


@shared_task
def correct_samples(slot: str | None = None) -> bool:
    """Work on the corrections that people asked for."""
    return timed("metrics.correct_samples", slot, lambda now: advance_corrections(clock=clock))


@shared_task
def forget_corrected_values(slot: str | None = None) -> bool:
    """Drop old values of corrections that can no longer be undone."""
    return timed("metrics.forget_corrected_values", slot, lambda now: forget_corrected(now=now))


@shared_task
def apply_retention(slot: str | None = None) -> bool:
    """Tell the server of changed periods, where it drops and compresses by itself."""
    return timed("metrics.apply_retention", slot, lambda now: apply_changes(now=now))


@shared_task
def tell_cluster_state(slot: str | None = None) -> bool:
    """Keep the installation's state in Redis."""
    return timed("metrics.tell_cluster_state", slot, lambda now: services.tell_cluster_state(now=now))
