"""Who sends a request, from where: nothing that a client can write itself is believed."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import Settings

from apps.accounts.models import User
from apps.accounts.requests import circumstances_of, context_of, request_id, sender_text
from apps.core.context import NOBODY, acting
from tests import make

PEER = "203.0.113.5"


@pytest.fixture
def behind(settings: Settings) -> object:
    """Return a setter of how many proxies of our own stand before the portal."""

    def proxies(count: int) -> None:
        settings.OMEGA = settings.OMEGA.model_copy(update={"trusted_proxies": count})

    return proxies


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        (0, "", PEER),
        (0, "198.51.100.1", PEER),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "198.51.100.1"),
        (1, "", PEER),
        (1, "2001:db8::9", "2001:db8::9"),
        (1, "not an address", ""),
        (1, "10.0.0.1:4711", "10.0.0.1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "1.2.3.4, " * 500 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_address_is_the_one_our_outermost_proxy_saw(trusted: int, forwarded: str, seen: str, behind: object) -> None:
    behind(trusted)  # type: ignore[operator]
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

    assert sender_text(RequestFactory().get("/", REMOTE_ADDR=PEER, **headers)) == seen


@pytest.mark.parametrize(
    ("trusted", "given", "is_taken"),
    [
        (0, "trace-12345678", False),
        (1, "trace-12345678", True),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "a\nb" * 5, False),
    ],
)
def test_request_id_is_taken_from_our_proxy_only_and_only_if_it_is_one(
    trusted: int, given: str, is_taken: bool, behind: object
) -> None:
    behind(trusted)  # type: ignore[operator]
    request = RequestFactory().get("/", HTTP_X_REQUEST_ID=given)

    assert (request_id(request) == given) is is_taken
    assert len(request_id(request)) >= 8


@pytest.mark.django_db
def test_context_tells_person_role_and_tenant() -> None:
    otto = make.user("DEVOPS")
    request = RequestFactory().get("/", HTTP_USER_AGENT="Browser/1.0", REMOTE_ADDR=PEER)
    request.user = otto

    with acting(circumstances_of(request)):
        context = context_of(request)

    assert (context.user_id, context.user_email, context.user_role) == (str(otto.pk), otto.email, "DEVOPS")
    assert (context.tenant_ids, context.ip_address, context.user_agent) == (str(otto.tenant_id), PEER, "Browser/1.0")


@pytest.mark.django_db
def test_person_of_no_tenant_acts_for_all_and_a_stranger_for_none() -> None:
    request = RequestFactory().get("/")
    with acting(NOBODY):
        request.user = User(email="ada@example.test", role="ADMIN")
        of_all = context_of(request)
        request.user = User(email="otto@example.test", role="DEVOPS")
        of_no_tenant = context_of(request)
        request.user = AnonymousUser()
        of_none = context_of(request)

    assert (of_all.tenant_ids, of_no_tenant.tenant_ids) == ("all", "")
    assert (of_none.tenant_ids, of_none.user_id) == ("", "")
