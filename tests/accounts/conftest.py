"""Browsers without a browser: requests with sessions of their own."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from apps.accounts.web_sessions import SessionStore
from apps.portal.listeners import listener_of_session

Browser = Callable[[], HttpRequest]


class CountingHasher(Argon2PasswordHasher):
    """The real hasher made quick, that counts how often it works."""

    time_cost, memory_cost, parallelism = 1, 8, 1
    worked = 0

    def encode(self, password: str, salt: str) -> str:
        """Hash and count."""
        CountingHasher.worked += 1
        return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Compare and count."""
        CountingHasher.worked += 1
        return bool(super().verify(password, encoded))


@pytest.fixture(autouse=True)
def quick_hashes(settings: Settings) -> None:
    """Put the counting hasher in the place of the portal's own, which is slow by intention."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher", *settings.PASSWORD_HASHERS[1:]]


@pytest.fixture
def browser() -> Browser:
    """Return a maker of requests from one address, each with a new session."""

    def request() -> HttpRequest:
        made = RequestFactory().post("/", REMOTE_ADDR="203.0.113.5", HTTP_USER_AGENT="Browser/1.0")
        made.session = SessionStore()
        made.user = AnonymousUser()
        return made

    return request


def is_signed_in(request: HttpRequest) -> bool:
    """Tell whether the session of a request still opens an account, as the next request would find."""
    with suppress(UpdateError):
        request.session.save()
    return listener_of_session(request.session.session_key) is not None
