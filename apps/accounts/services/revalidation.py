"""Asks the identity provider again and again whether those who signed in through it may stay, and as what.

It tells nobody when an account is disabled there, so every session's refresh token is used every five minutes. While
it does not answer, people stay signed in for an hour at most.
"""

import logging
import time
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User, WebSession
from apps.accounts.oidc_errors import GrantRefused, ProviderUnavailable, SignInRefused, TokenRefused
from apps.accounts.oidc_provider import provider
from apps.accounts.oidc_tokens import id_token_claims
from apps.accounts.rules import REVALIDATED_EVERY, UNANSWERED_AT_MOST
from apps.accounts.services.sync import decide_role, sync_user, withdraw
from apps.accounts.services.web_sessions import end_session
from apps.core.context import acting, as_system
from apps.core.secrets import Undecipherable

log = logging.getLogger(__name__)
AGAIN_AFTER_SILENCE = timedelta(minutes=1)
MOST_AT_ONCE = 200
BUDGET_SECONDS = 45.0
AWAY_AFTER = 3


class Outcome(Enum):
    """What came of asking: an answer, silence of the provider, or a fault that is this session's alone."""

    ANSWER = auto()
    SILENCE = auto()
    FAULT = auto()


def revalidate_sessions(*, now: datetime) -> int:
    """Ask about the sessions that are due, two hundred at most; returns about how many there was an answer.

    After three silences in a row the provider counts as away, and nobody waits for it any longer. What goes wrong with
    one session counts as silence for it alone. What the time does not suffice for is due again at once. Nothing is
    asked inside a transaction. A worker that dies on the way leaves its sessions to the turn after five minutes.
    """
    began, answered, silences = time.monotonic(), 0, 0
    due = _claim(now)
    for position, session in enumerate(due):
        if time.monotonic() - began > BUDGET_SECONDS:
            _give_back(due[position:])
            break
        outcome = _outcome(session, now) if silences < AWAY_AFTER else Outcome.SILENCE
        if outcome is Outcome.ANSWER:
            answered, silences = answered + 1, 0
        else:
            _note_silence(session, now)
            silences += outcome is Outcome.SILENCE
    return answered


def _outcome(session: WebSession, now: datetime) -> Outcome:
    """Ask about one session; what nobody expected to go wrong is logged, and must not keep others from their turn."""
    try:
        return Outcome.ANSWER if _revalidate(session, now) else Outcome.SILENCE
    except Exception:
        log.exception("the session %s cannot be revalidated", session.pk)
        return Outcome.FAULT


def _claim(now: datetime) -> list[WebSession]:
    """Return due sessions as they were, and mark them as asked about, so that no other worker takes them too."""
    is_due = Q(revalidated_at=None) | Q(revalidated_at__lte=now - REVALIDATED_EVERY)
    is_due |= Q(unanswered_since__isnull=False, revalidated_at__lte=now - AGAIN_AFTER_SILENCE)
    standing = WebSession.objects.filter(revoked_at=None, refresh_token__isnull=False, expires_at__gt=now)
    rows = standing.filter(is_due, user__is_active=True).select_related("user")
    with acting(as_system()), transaction.atomic():
        due = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("revalidated_at")[:MOST_AT_ONCE])
        WebSession.objects.filter(pk__in=[session.pk for session in due]).update(revalidated_at=now)
    return due


def _give_back(sessions: list[WebSession]) -> None:
    """Let sessions be due as they were."""
    with acting(as_system()), transaction.atomic():
        for session in sessions:
            WebSession.objects.filter(pk=session.pk).update(revalidated_at=session.revalidated_at)


def _revalidate(session: WebSession, now: datetime) -> bool:
    """Ask about one session and do what follows from the answer; False when there was none."""
    try:
        tokens = _ask(session)
        _keep_refresh_token(session, tokens)
        claims = id_token_claims(provider(), tokens.get("id_token"))
        if claims["sub"] != session.user.keycloak_user_id:
            raise TokenRefused("another subject")
        _keep(session, tokens, claims, now)
    except ProviderUnavailable as trouble:
        log.warning("sessions are not revalidated: %s", trouble.detail)
        return False
    except TokenRefused as refusal:
        if refusal.why == "unknown_key":
            return False
        _end(session, f"token refused: {refusal.why}", now)
    except GrantRefused:
        _end(session, "no longer accepted by the identity provider", now)
    except SignInRefused as refusal:
        withdraw(user_id=session.user_id, refusal=refusal)
        _end(session, refusal.code, now)
    except Undecipherable as fault:
        log.warning("a session ends: %s", fault)
        _end(session, "unreadable token", now)
    return True


def _ask(session: WebSession) -> dict[str, Any]:
    """Use the refresh token."""
    if session.oidc_issuer != provider().issuer:
        raise GrantRefused("another issuer")
    return provider().tokens_for({"grant_type": "refresh_token", "refresh_token": session.refresh_token or ""})


def _keep_refresh_token(session: WebSession, tokens: dict[str, Any]) -> None:
    """Keep the new refresh token before anything else is done: the one before is used up, whatever fails after it."""
    token = tokens.get("refresh_token")
    if isinstance(token, str) and token:
        with acting(as_system()), transaction.atomic():
            WebSession.objects.filter(pk=session.pk, revoked_at=None).update(refresh_token=token)


def _keep(session: WebSession, tokens: dict[str, Any], claims: dict[str, Any], now: datetime) -> None:
    """Keep that there was an answer, and bring the person in line with the claims."""
    decision = decide_role(claims=claims, now=now)
    with acting(as_system()), transaction.atomic():
        user = User.objects.select_for_update().get(pk=session.user_id)
        sync_user(user=user, decision=decision, now=now)
        WebSession.objects.filter(pk=session.pk, revoked_at=None).update(
            id_token=tokens["id_token"],
            unanswered_since=None,
            vouched_at=now,
        )


def _note_silence(session: WebSession, now: datetime) -> None:
    """Note since when nothing was answered; an hour of that ends the session."""
    since = session.unanswered_since or now
    if now - since >= UNANSWERED_AT_MOST:
        return _end(session, "the identity provider did not answer for an hour", now)
    with acting(as_system()), transaction.atomic():
        WebSession.objects.filter(pk=session.pk).update(unanswered_since=since)
    return None


def _end(session: WebSession, reason: str, now: datetime) -> None:
    """End a session for the portal itself."""
    with acting(as_system()), transaction.atomic():
        end_session(session=session, reason=reason, now=now)
