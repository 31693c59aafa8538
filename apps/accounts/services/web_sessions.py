"""Where people are signed in: a row for each browser, whose end ends the session and closes its sockets."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts import lookups
from apps.accounts.models import AuthProvider, User, WebSession
from apps.accounts.oidc_errors import account_closed
from apps.accounts.requests import context_of_person
from apps.accounts.rules import end_of_session
from apps.accounts.services.events import record_about
from apps.accounts.web_sessions import digest_of, row_key
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import acting, as_system, current

SEEN_EVERY = timedelta(minutes=1)
ROLE_KEY = "role"


@dataclass(frozen=True, slots=True)
class Proof:
    """What an identity provider gave at a sign-in, to be kept with the web session."""

    issuer: str
    sid: str
    id_token: str
    refresh_token: str


def topic_of(session: WebSession) -> str:
    """Return the live topic that tells the sockets of a web session to look again."""
    return f"session:{session.pk}"


def web_session_of(request: HttpRequest) -> WebSession | None:
    """Return the web session of a signed-in request."""
    return getattr(request, "web_session", None)


def why_over(session: WebSession, now: datetime) -> str:
    """Return why a web session is over; empty while it stands."""
    return end_of_session(
        revoked_at=session.revoked_at,
        expires_at=session.expires_at,
        last_seen_at=session.last_seen_at,
        idle=timedelta(minutes=settings.OMEGA.session_idle_minutes),
        vouched_at=session.vouched_at,
        needs_vouching=session.auth_provider == AuthProvider.KEYCLOAK,
        now=now,
    )


def begin_session(
    *, request: HttpRequest, user: User, now: datetime, proof: Proof | None = None, action: str = "SIGNED_IN"
) -> WebSession:
    """Sign a person in under a new session key, in place of whatever stood in this browser, and record it.

    Raises SignInRefused when the account was closed a moment ago: its end would not find the session of afterwards.
    """
    backend = settings.OIDC_BACKEND if proof else settings.LOCAL_BACKEND
    with acting(as_system(user.email, str(user.pk))), transaction.atomic():
        if User.objects.select_for_update().filter(pk=user.pk, is_active=True).first() is None:
            raise account_closed()
        before = web_session_of(request)
        if before is not None:
            close_sessions(sessions=WebSession.objects.filter(pk=before.pk), reason="signed in again", now=now)
        request.session.flush()
        login(request, user, backend=backend)
        request.session[ROLE_KEY] = user.role
        session = add_session(user=user, session_key=str(request.session.session_key), now=now, proof=proof)
        with acting(context_of_person(user)):
            record_about(action, user)
    request.web_session = session  # type: ignore[attr-defined]
    return session


def add_session(*, user: User, session_key: str, now: datetime, proof: Proof | None = None) -> WebSession:
    """Add the row of a session that was just opened; address and browser come from the context in force."""
    circumstances = current()
    return WebSession.objects.create(
        user=user,
        session_digest=digest_of(session_key),
        auth_provider=AuthProvider.KEYCLOAK if proof else AuthProvider.LOCAL,
        oidc_issuer=proof.issuer if proof else "",
        oidc_sid=proof.sid if proof else "",
        id_token=proof.id_token if proof else None,
        refresh_token=proof.refresh_token if proof else None,
        revalidated_at=now if proof else None,
        vouched_at=now if proof else None,
        ip_address=circumstances.ip_address or None,
        user_agent=circumstances.user_agent,
        last_seen_at=now,
        expires_at=now + timedelta(hours=settings.OMEGA.session_hours),
    )


def standing_session(*, session_key: str, user: User, now: datetime) -> WebSession | None:
    """Return the web session of a key while it stands and is this person's."""
    session = lookups.web_session_by_digest(digest_of(session_key))
    if session is None or session.user_id != user.pk or why_over(session, now):
        return None
    return session


def note_seen(*, session: WebSession, now: datetime) -> None:
    """Note that the person used a session just now; written once a minute at most."""
    if now - session.last_seen_at < SEEN_EVERY:
        return
    with acting(as_system()), transaction.atomic():
        WebSession.objects.filter(pk=session.pk, last_seen_at__lt=now).update(last_seen_at=now)
    session.last_seen_at = now


@transaction.atomic
def close_sessions(*, sessions: QuerySet[WebSession], reason: str, now: datetime) -> int:
    """End web sessions as part of something that is recorded by its caller; returns how many stood.

    Their cookies open nothing from now on, the tokens of the identity provider are forgotten, sockets close.
    """
    with acting(as_system(current().user_email, current().user_id)):
        standing = list(
            sessions.filter(revoked_at=None).select_for_update().order_by("pk").only("pk", "session_digest")
        )
        WebSession.objects.filter(pk__in=[session.pk for session in standing]).update(
            revoked_at=now, revoked_reason=reason[:60], refresh_token=None, id_token=None
        )
        Session.objects.filter(session_key__in=[row_key(session.session_digest) for session in standing]).delete()
    live.publish(*map(topic_of, standing))
    return len(standing)


@transaction.atomic
def end_session(*, session: WebSession, reason: str, now: datetime) -> bool:
    """End one web session and record it; False when it was over already."""
    rows = WebSession.objects.filter(pk=session.pk)
    if not close_sessions(sessions=rows, reason=reason, now=now):
        return False
    with acting(as_system()):
        owner = session.user
    record(
        action="SESSION_ENDED", category=Category.AUTH, resource_type="web_session", resource_id=session.pk,
        resource_name=owner.email, tenant_id=owner.tenant_id, subject_id=owner.pk, details={"reason": reason},
    )  # fmt: skip
    return True


@transaction.atomic
def end_all_sessions(*, user: User, reason: str, now: datetime, except_digest: str = "") -> int:
    """End every web session of a person but the one of a digest, and record it; returns how many stood."""
    rows = WebSession.objects.filter(user=user).exclude(session_digest=except_digest)
    ended = close_sessions(sessions=rows, reason=reason, now=now)
    record_about("SESSIONS_ENDED", user, details={"reason": reason, "ended": ended})
    return ended


def end_lapsed(*, session: WebSession, person: User | None, reason: str, now: datetime) -> None:
    """End a session that a request was found to have outlived, in the name of the person whose it was."""
    who = context_of_person(person) if person else replace(current(), user_id=str(session.user_id))
    with acting(who), transaction.atomic():
        end_session(session=session, reason=reason, now=now)
