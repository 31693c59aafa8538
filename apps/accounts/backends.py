"""Local accounts: e-mail and password."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from apps.accounts import lookups
from apps.accounts.models import AuthProvider, User
from apps.core.context import acting, as_system


class EmailBackend(BaseBackend):
    """Checks a password in the same time whether or not the account exists; closed accounts have no session."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the person whose e-mail and password these are, or None."""
        if email is None or password is None:
            return None
        # Beyond ASCII the database takes some letters for others, and so would find accounts that were not meant.
        user = lookups.user_by_email(email.strip()) if email.isascii() else None
        if user is None or user.password is None:
            User().set_password(password)
            return None
        # An old hash is replaced here, before anybody is signed in.
        with acting(as_system(user.email)), transaction.atomic():
            is_right = user.check_password(password)
        is_open = user.is_active and lookups.user_by_id(user.pk) is not None
        return user if is_right and is_open and user.auth_provider == AuthProvider.LOCAL else None

    def get_user(self, user_id: UUID | str) -> User | None:
        """Return the person of a session while their account is open."""
        try:
            user = lookups.user_by_id(user_id)
        except ValidationError:
            return None
        return user if user is not None and user.is_active else None
