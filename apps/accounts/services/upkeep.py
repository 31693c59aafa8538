"""What is forgotten in time."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction

from apps.accounts.models import SignInAttempt
from apps.accounts.rules import FORGOTTEN_AFTER


@transaction.atomic
def forget_old_sign_ins(*, now: datetime) -> int:
    """Delete ended web sessions, and failed sign-ins that no longer count; returns how many rows."""
    ended = Session.objects.filter(expire_date__lt=now).delete()[0]
    return ended + SignInAttempt.objects.filter(last_failure_at__lt=now - FORGOTTEN_AFTER).delete()[0]
