"""Timed tasks about people."""

from celery import shared_task

from apps.accounts import services
from apps.accounts.services import overrides, revalidation
from apps.jobs.door import timed


@shared_task
def forget_old_sign_ins(slot: str | None = None) -> bool:
    """Delete ended web sessions and forgotten failures."""
    return timed("accounts.forget_old_sign_ins", slot, lambda now: services.forget_old_sign_ins(now=now))


@shared_task
def revalidate_sessions(slot: str | None = None) -> bool:
    """Ask the identity provider whether those who signed in through it may stay."""
    return timed("accounts.revalidate_sessions", slot, lambda now: revalidation.revalidate_sessions(now=now))


@shared_task
def end_due_overrides(slot: str | None = None) -> bool:
    """Give people whose override ran out the role that the identity provider gives them."""
    return timed("accounts.end_due_overrides", slot, lambda now: overrides.end_due_overrides(now=now))
