"""Timed tasks of the inventory."""

from celery import shared_task

from apps.jobs.door import timed
from apps.nodes import services


@shared_task
def settle_contact(slot: str | None = None) -> bool:
    """Mark silent nodes offline and heard ones active again."""
    return timed("nodes.settle_contact", slot, lambda now: services.settle_contact(now=now))


@shared_task
def forget_dead_doors(slot: str | None = None) -> bool:
    """Delete the pulses of ingest processes that are gone."""
    return timed("nodes.forget_dead_doors", slot, lambda now: services.forget_dead_doors(now=now))
