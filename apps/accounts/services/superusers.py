"""The accounts for emergencies: they may sign in with a password when the identity provider does not let anybody in."""

import secrets

from django.db import transaction

from apps.accounts.models import AuthProvider, User
from apps.accounts.permissions import Role
from apps.accounts.services.events import record_about
from apps.core.errors import Conflict


@transaction.atomic
def ensure_superuser(*, email: str) -> str:
    """Make a superuser of all tenants, or give the one of this e-mail a new password; returns the random password.

    Raises Conflict when the e-mail belongs to any other account: nobody is promoted by a script. To be run by the
    database's owner, since the web process cannot make superusers.
    """
    user = User.objects.select_for_update().filter(email__iexact=email).first()
    if user is not None and not (user.is_superuser and user.auth_provider == AuthProvider.LOCAL):
        raise Conflict(
            "email_taken", f"{email} belongs to an account that is no superuser; name another.", field="email"
        )
    is_new = user is None
    user = user or User(email=email, full_name="Emergency access", role=Role.ADMIN, is_superuser=True)
    password = secrets.token_urlsafe(24)
    user.is_active = True
    user.set_password(password)
    user.save()
    record_about("SUPERUSER_CREATED" if is_new else "SUPERUSER_PASSWORD_SET", user)
    return password
