"""What is forgotten in time."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction

from apps.accounts.models import Invitation, SeenLogoutToken, SignInAttempt, WebSession
from apps.accounts.rules import FORGOTTEN_AFTER
from apps.accounts.services.invitations import revoke_expired

ENDED_KEPT = timedelta(days=30)


@transaction.atomic
def forget_old_sign_ins(*, now: datetime) -> int:
    """Delete sessions that ran out, what people saw of them after a month, and what no longer counts; returns rows.

    Invitations that ended unused are taken back, and stay.
    """
    revoke_expired(of=Invitation.objects.all(), now=now)
    ended = Session.objects.filter(expire_date__lt=now).delete()[0]
    ended += WebSession.objects.filter(expires_at__lt=now - ENDED_KEPT).delete()[0]
    ended += SeenLogoutToken.objects.filter(expires_at__lt=now).delete()[0]
    return ended + SignInAttempt.objects.filter(last_failure_at__lt=now - FORGOTTEN_AFTER).delete()[0]
