"""Superusers: made from the shell only, for when nobody else can sign in."""

import secrets
from datetime import datetime

from django.db import transaction

from apps.accounts.models import AuthProvider, User, WebSession
from apps.accounts.permissions import Role
from apps.accounts.services.events import record_about
from apps.accounts.services.web_sessions import close_sessions
from apps.audit.models import Category
from apps.core.errors import Conflict


@transaction.atomic
def ensure_superuser(*, email: str, now: datetime) -> str:
    """Make a superuser with a random password, or give the one of this e-mail a new one; returns it.

    Raises Conflict when the e-mail belongs to anybody else, or to a closed account: nobody is promoted by a script.
    Who signed in with the password before is signed out.
    """
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is not None and not (user.is_superuser and user.is_active and user.auth_provider == AuthProvider.LOCAL):
        raise Conflict(
            "email_taken",
            f"{email} belongs to an account that is no open local superuser; name another.",
            field="email",
        )
    is_new = user is None
    user = user or User(email=email.lower(), full_name="Superuser", role=Role.ADMIN, is_superuser=True)
    password = secrets.token_urlsafe(18)
    user.set_password(password)
    user.save()
    close_sessions(sessions=WebSession.objects.filter(user=user), reason="password changed", now=now)
    record_about("SUPERUSER_CREATED" if is_new else "SUPERUSER_PASSWORD_SET", user, Category.USER)
    return password
