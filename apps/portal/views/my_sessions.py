"""My web sessions: where I am signed in, and how that ends."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.accounts.selectors.people import open_sessions, session_of
from apps.accounts.services.web_sessions import end_all_sessions, end_session, web_session_of
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, confirm, done

REASON = "ended by hand"


@never_cache
@require_GET
@require(Action.SESSIONS_OWN)
def sessions(request: SignedIn) -> HttpResponse:
    """Every browser in which one is signed in, this one marked."""
    here = web_session_of(request)
    context = {
        "sessions": open_sessions(request.user, timezone.now()),
        "here": here and here.pk,
        "idle_minutes": settings.OMEGA.session_idle_minutes,
        "hours": settings.OMEGA.session_hours,
        "tab": "sessions",
    }
    return render(request, "account/sessions.html", context)


@require(Action.SESSIONS_OWN)
def end(request: SignedIn, session_id: UUID) -> HttpResponse:
    """End one web session."""
    session, back = session_of(request.user, session_id), resolve_url("accounts:sessions")
    if request.method == "POST":
        is_ended = end_session(session=session, reason=REASON, now=timezone.now())
        return done(request, back, "The web session was ended." if is_ended else "That web session had ended before.")
    here = web_session_of(request)
    lines = [f"The browser at {session.ip_address or 'an unknown address'} must sign in again."]
    if here and here.pk == session.pk:
        lines = ["This is the browser in front of you: you will have to sign in again."]
    dialog = Dialog("End this web session", "End session", back, consequences=tuple(lines), icon="logout")
    return confirm(request, dialog)


@require(Action.SESSIONS_OWN)
def end_others(request: SignedIn) -> HttpResponse:
    """End every web session but this one."""
    here, back, now = web_session_of(request), resolve_url("accounts:sessions"), timezone.now()
    if request.method == "POST":
        digest = here.session_digest if here else ""
        count = end_all_sessions(user=request.user, reason=REASON, now=now, except_digest=digest)
        return done(request, back, f"{count} other web session{'' if count == 1 else 's'} ended.")
    others = [one for one in open_sessions(request.user, now) if not here or one.pk != here.pk]
    lines = tuple(
        f"{one.ip_address or 'unknown address'}, {one.user_agent[:80] or 'unknown browser'}" for one in others
    )
    text = f"{len(others)} other browser{'' if len(others) == 1 else 's'} must sign in again. This one stays."
    dialog = Dialog("End all other web sessions", "End the others", back, text, lines, is_dangerous=True, icon="logout")
    return confirm(request, dialog)
