"""Timed tasks about people."""

from celery import shared_task

from apps.accounts import services
from apps.jobs.door import timed


@shared_task
def forget_old_sign_ins(slot: str | None = None) -> bool:
    """Delete ended web sessions and forgotten failures."""
    return timed("accounts.forget_old_sign_ins", slot, lambda now: services.forget_old_sign_ins(now=now))
