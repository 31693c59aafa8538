"""Signing in and out, passwords, and the first administrator."""

import secrets
from dataclasses import replace
from datetime import datetime
from zoneinfo import available_timezones

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import SignInAttempt, Tenant, User
from apps.accounts.permissions import Role
from apps.accounts.requests import context_of, sender_text
from apps.accounts.rules import FORGOTTEN_AFTER
from apps.accounts.throttle import count_attempt, forgive
from apps.audit.models import Category, Status
from apps.audit.services import record, record_apart
from apps.core.context import acting, current
from apps.core.errors import Conflict, Invalid, Throttled, Unauthenticated
from apps.core.text import storable

DEFAULT_TENANT = "default"


def sign_in(*, request: HttpRequest, email: str, password: str, now: datetime) -> User:
    """Open a session for a local account. Raises Throttled or Unauthenticated; both are audited.

    Must run outside a request transaction: a refusal is kept although the sign-in failed.
    """
    email, address = storable(email), sender_text(request)
    try:
        count_attempt(email, address, now)
    except Throttled as refusal:
        _record_refusal(email, refusal.code)
        raise
    user = authenticate(request, email=email, password=password)
    if not isinstance(user, User):
        _record_refusal(email, "wrong_credentials")
        raise Unauthenticated("wrong_credentials", "That e-mail and password do not match an open account.")
    with transaction.atomic():
        login(request, user)
        with acting(replace(context_of(request), request_id=current().request_id)):
            _record_auth("SIGNED_IN", user)
    forgive(email, address)
    return user


def sign_out(*, request: HttpRequest) -> None:
    """Close the session of this request."""
    if isinstance(request.user, User):
        _record_auth("SIGNED_OUT", request.user)
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
        _record_auth("PASSWORD_CHANGED", user)
    forgive(user.email, address)


@transaction.atomic
def ensure_admin(*, email: str) -> str | None:
    """Create the first ADMIN with a random password and return it; None when there is an ADMIN already.

    Raises Conflict when the e-mail belongs to a closed or lesser account: nobody is promoted by a script.
    """
    if User.objects.filter(role=Role.ADMIN, is_active=True).exists():
        return None
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "email_taken", f"{email} belongs to an account that is no open ADMIN; name another.", field="email"
        )
    password = secrets.token_urlsafe(15)
    user = User(email=email, full_name="Administrator", role=Role.ADMIN, username="admin")
    user.set_password(password)
    user.save()
    _record_auth("FIRST_ADMIN_CREATED", user)
    return password


def default_tenant() -> Tenant:
    """Return the tenant that exists from the start."""
    return Tenant.objects.get(slug=DEFAULT_TENANT)


def _record_auth(action: str, user: User) -> None:
    """Record something an account did."""
    record(
        action=action, category=Category.AUTH, resource_type="user", resource_id=user.pk, resource_name=user.email,
        tenant_id=user.tenant_id,
    )  # fmt: skip


def _record_refusal(email: str, code: str) -> None:
    """Record a refused sign-in in its own transaction; the e-mail is what was typed, so it is cut."""
    record_apart(
        action="SIGN_IN_REFUSED", category=Category.AUTH, resource_type="user", resource_name=email[:255],
        status=Status.FAILURE, error_message=code,
    )  # fmt: skip


@transaction.atomic
def forget_old_sign_ins(*, now: datetime) -> int:
    """Delete ended web sessions, and failed sign-ins that no longer count; returns how many rows."""
    ended = Session.objects.filter(expire_date__lt=now).delete()[0]
    return ended + SignInAttempt.objects.filter(last_failure_at__lt=now - FORGOTTEN_AFTER).delete()[0]


@transaction.atomic
def update_profile(*, user: User, full_name: str, time_zone: str) -> User:
    """Change one's own name and time zone; raises Invalid for a zone nobody keeps."""
    if time_zone not in available_timezones():
        raise Invalid("unknown_time_zone", f"There is no time zone called “{time_zone[:60]}”.", field="time_zone")
    user.full_name, user.time_zone = full_name, time_zone
    user.save(update_fields=["full_name", "time_zone", "updated_at"])
    _record_auth("PROFILE_CHANGED", user)
    return user
