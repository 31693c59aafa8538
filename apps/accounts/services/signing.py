"""Signing in and out with a local password, and changing it."""

import logging
from datetime import datetime

from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User, WebSession
from apps.accounts.oidc_errors import SignInRefused
from apps.accounts.requests import sender_text
from apps.accounts.services.events import record_about
from apps.accounts.services.web_sessions import begin_session, close_sessions, web_session_of
from apps.accounts.throttle import Waiting, count_attempt, forgive
from apps.accounts.web_sessions import digest_of
from apps.audit.models import Category, Status
from apps.audit.services import record_apart
from apps.core.errors import Invalid, Unauthenticated
from apps.core.text import storable

log = logging.getLogger(__name__)
WRONG = "That e-mail and password do not match an open account."


def sign_in(*, request: HttpRequest, email: str, password: str, now: datetime) -> User:
    """Open a session for a local account. Raises Throttled or Unauthenticated; both are audited.

    Must run outside a request transaction: a refusal is kept although the sign-in failed.
    """
    user = _proven(request, email, password, now)
    if user is None:
        raise Unauthenticated("wrong_credentials", WRONG)
    _begin(request, user, now, "SIGNED_IN")
    forgive(user.email, sender_text(request))
    return user


def break_glass(*, request: HttpRequest, email: str, password: str, now: datetime) -> User:
    """Open a session for a superuser while the identity provider cannot; everybody else has the wrong credentials.

    Raises what `sign_in` does. Each use is audited as such and logged as a warning.
    """
    user = _proven(request, email, password, now, only_superusers=True)
    if user is None:
        raise Unauthenticated("wrong_credentials", WRONG)
    _begin(request, user, now, "BREAK_GLASS_USED")
    log.warning("break-glass sign-in of %s from %s", user.email, sender_text(request))
    forgive(user.email, sender_text(request))
    return user


def _begin(request: HttpRequest, user: User, now: datetime, action: str) -> None:
    """Open the session; who was closed since the password was found right has the wrong credentials."""
    try:
        begin_session(request=request, user=user, now=now, action=action)
    except SignInRefused:
        _record_refusal(user.email, "wrong_credentials")
        raise Unauthenticated("wrong_credentials", WRONG) from None


def _proven(
    request: HttpRequest, email: str, password: str, now: datetime, *, only_superusers: bool = False
) -> User | None:
    """Return the person of these credentials; a refusal is recorded, Throttled raised."""
    email, address = storable(email), sender_text(request)
    try:
        count_attempt(email, address, now)
    except Waiting as refusal:
        if refusal.is_first:
            _record_refusal(email, refusal.code)
        raise
    user = authenticate(request, email=email, password=password)
    if isinstance(user, User) and (user.is_superuser or not only_superusers):
        return user
    _record_refusal(email, "wrong_credentials")
    return None


@transaction.atomic
def sign_out(*, request: HttpRequest, now: datetime) -> None:
    """Close the session of this request."""
    session = web_session_of(request)
    if session is not None:
        close_sessions(sessions=WebSession.objects.filter(pk=session.pk), reason="signed out", now=now)
    if isinstance(request.user, User):
        record_about("SIGNED_OUT", request.user)
    logout(request)


def change_password(*, request: HttpRequest, old: str, new: str, now: datetime) -> None:
    """Change one's own password and end the person's other sessions.

    Raises Invalid naming the field, and Throttled after as many wrong guesses as a sign-in allows.
    """
    user = request.user
    address = sender_text(request)
    count_attempt(getattr(user, "email", ""), address, now)
    if not isinstance(user, User) or not user.check_password(old):
        record_apart(action="PASSWORD_CHANGE_REFUSED", category=Category.AUTH, status=Status.FAILURE)
        raise Invalid("wrong_password", "That is not your current password.", field="old_password")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise Invalid("weak_password", " ".join(error.messages), field="new_password") from None
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password", "updated_at"])
        update_session_auth_hash(request, user)
        here = digest_of(request.session.session_key or "")
        others = WebSession.objects.filter(user=user).exclude(session_digest=here)
        close_sessions(sessions=others, reason="password changed", now=now)
        record_about("PASSWORD_CHANGED", user)
    forgive(user.email, address)


def _record_refusal(email: str, code: str) -> None:
    """Record a refused sign-in in its own transaction; the e-mail is what was typed, so it is cut."""
    record_apart(
        action="SIGN_IN_REFUSED", category=Category.AUTH, resource_type="user", resource_name=email[:255],
        status=Status.FAILURE, error_message=code,
    )  # fmt: skip
