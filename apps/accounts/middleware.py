"""Puts the context of each request in force: first where it comes from, then who sends it."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts import lookups
from apps.accounts.models import User, WebSession
from apps.accounts.requests import circumstances_of, context_of, is_background_read
from apps.accounts.services.web_sessions import ROLE_KEY, end_lapsed, note_seen, why_over
from apps.accounts.web_sessions import SessionStore, digest_of
from apps.core.context import acting

GetResponse = Callable[[HttpRequest], HttpResponse]


def arriving_middleware(get_response: GetResponse) -> GetResponse:
    """Bind request id and address to everything below; answers carry the request id.

    It stands before whatever asks who the sender is, so that such questions see no rows but by the look-ups.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request under its circumstances."""
        with acting(circumstances_of(request)) as context:
            response = get_response(request)
        if is_background_read(request):
            _leave_cookie(response)
        response["X-Request-ID"] = context.request_id
        return response

    return middleware


def _leave_cookie(response: HttpResponse) -> None:
    """Take back that the cookie be deleted: a page may have got a new one while this script was on its way."""
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is not None and not cookie.value:
        del response.cookies[settings.SESSION_COOKIE_NAME]


def web_session_middleware(get_response: GetResponse) -> GetResponse:
    """Let a session count only while its web session stands; what is over makes the request anonymous at once.

    `request.web_session` is the row, None for strangers. Reads made by scripts do not count as a person's presence.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request with the session that it still has."""
        request.web_session = _web_session(request)  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def _web_session(request: HttpRequest) -> WebSession | None:
    """Return the standing web session of a request; anything else that says to be signed in is cleared away."""
    key, now = request.session.session_key, timezone.now()
    if key is None or SESSION_KEY not in request.session:
        return None
    user = request.user if isinstance(request.user, User) else None
    session = lookups.web_session_by_digest(digest_of(key))
    over = why_over(session, now) if session else "unknown"
    if session is None or over or user is None or session.user_id != user.pk:
        if session is not None and session.revoked_at is None:
            end_lapsed(session=session, person=user, reason=over or "account closed or password changed", now=now)
        request.session.flush()
        request.user = AnonymousUser()
        return None
    if not is_background_read(request):
        note_seen(session=session, now=now)
        _renew_after_change_of_role(request, user, session)
    return session


def _renew_after_change_of_role(request: HttpRequest, user: User, session: WebSession) -> None:
    """Give the session a new key when the person's role is no longer what it was; of several requests one does."""
    store = request.session
    if store.get(ROLE_KEY, user.role) != user.role and isinstance(store, SessionStore) and store.renew_key():
        request.session[ROLE_KEY] = user.role
        request.session.save()
        session.session_digest = digest_of(request.session.session_key or "")


def acting_middleware(get_response: GetResponse) -> GetResponse:
    """Bind the person who sends the request to everything below."""

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request for its sender."""
        with acting(context_of(request)):
            return get_response(request)

    return middleware
