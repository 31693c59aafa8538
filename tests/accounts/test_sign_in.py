"""Signing in and out: one answer to every wrong attempt, the same work behind it, and a record of all."""

from datetime import datetime

import pytest
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.requests import circumstances_of
from apps.accounts.services import sign_in, sign_out
from apps.audit.models import AuditLog
from apps.core.context import acting
from apps.core.errors import Unauthenticated
from tests import make
from tests.accounts.conftest import Browser, CountingHasher, is_signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    """An administrator with a password."""
    return make.user(password=make.PASSWORD)


def attempt(request: HttpRequest, email: str, password: str, now: datetime) -> str:
    """Return the code of a refusal, or that there was none."""
    try:
        with acting(circumstances_of(request)):
            sign_in(request=request, email=email, password=password, now=now)
    except Unauthenticated as refusal:
        return refusal.code
    return "signed in"


def test_right_password_opens_a_session_and_is_recorded(ada: User, browser: Browser, now: datetime) -> None:
    request = browser()

    assert attempt(request, ada.email, make.PASSWORD, now) == "signed in"
    assert is_signed_in(request)
    entry = AuditLog.objects.get(action="SIGNED_IN")
    assert (entry.user_id, entry.user_email, entry.ip_address) == (ada.pk, ada.email, "203.0.113.5")
    assert (entry.resource_id, entry.status, entry.user_agent) == (str(ada.pk), "SUCCESS", "Browser/1.0")


@pytest.mark.parametrize("typed", ["ADA@Example.Test", "  ada@example.test "])
def test_email_is_read_as_people_type_it(typed: str, ada: User, browser: Browser, now: datetime) -> None:
    assert attempt(browser(), typed, make.PASSWORD, now) == "signed in"


def test_session_before_signing_in_is_not_the_one_after(ada: User, browser: Browser, now: datetime) -> None:
    request = browser()
    request.session["planted"] = True
    request.session.save()
    planted = request.session.session_key
    attempt(request, ada.email, make.PASSWORD, now)

    assert request.session.session_key != planted
    assert not type(request.session)().exists(planted)


WRONG = {
    "wrong password": ("ada@example.test", "wrong"),
    "empty password": ("ada@example.test", ""),
    "no such account": ("nobody@example.test", make.PASSWORD),
    "closed account": ("otto@example.test", make.PASSWORD),
    "closed tenant": ("rita@example.test", make.PASSWORD),
    "signs in elsewhere": ("ana@example.test", make.PASSWORD),
    "no password kept": ("uma@example.test", make.PASSWORD),
    "NUL in the e-mail": ("ada@example.test\x00", make.PASSWORD),
    "half a character": ("ada\ud800@example.test", make.PASSWORD),
    "letter that only looks like it": ("otto\u017f@example.test", make.PASSWORD),
    "pattern in the e-mail": ("ada%", make.PASSWORD),
    "very long": ("a" * 100_000, "b" * 100_000),
}


@pytest.fixture
def cast(ada: User) -> None:
    """People who cannot sign in here, though their password would be right."""
    make.user("DEVOPS", password=make.PASSWORD, is_active=False)
    make.user("ANALYST", password=make.PASSWORD, auth_provider="keycloak")
    make.user("USER")
    make.user("READONLY", password=make.PASSWORD, tenant=make.tenant(is_active=False))


@pytest.mark.parametrize("case", WRONG)
def test_every_wrong_attempt_gets_the_same_answer_and_is_recorded(
    case: str, cast: None, browser: Browser, now: datetime
) -> None:
    request = browser()

    assert attempt(request, *WRONG[case], now) == "wrong_credentials"
    assert not request.user.is_authenticated
    entry = AuditLog.objects.get(action="SIGN_IN_REFUSED")
    assert (entry.status, entry.error_message, entry.user_id) == ("FAILURE", "wrong_credentials", None)
    assert make.PASSWORD not in str(entry.__dict__)


@pytest.mark.parametrize("case", WRONG)
def test_every_wrong_attempt_costs_the_same_work(case: str, cast: None, browser: Browser, now: datetime) -> None:
    before = CountingHasher.worked
    attempt(browser(), *WRONG[case], now)

    assert CountingHasher.worked - before == 1


@pytest.mark.parametrize("algorithm", ["bcrypt_sha256", "bcrypt"])
def test_hash_from_an_older_system_opens_and_is_replaced(
    algorithm: str, ada: User, browser: Browser, now: datetime
) -> None:
    User.objects.filter(pk=ada.pk).update(password=make_password(make.PASSWORD, hasher=algorithm))
    wrong = attempt(browser(), ada.email, "wrong", now)
    ada.refresh_from_db()
    kept_on_failure = str(ada.password).startswith(f"{algorithm}$")

    assert (wrong, kept_on_failure) == ("wrong_credentials", True)
    assert attempt(browser(), ada.email, make.PASSWORD, now) == "signed in"
    ada.refresh_from_db()
    assert str(ada.password).startswith("argon2$")
    assert attempt(browser(), ada.email, make.PASSWORD, now) == "signed in"


def test_session_ends_when_the_account_is_closed(ada: User, browser: Browser, now: datetime) -> None:
    request = browser()
    attempt(request, ada.email, make.PASSWORD, now)
    before = is_signed_in(request)
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert (before, is_signed_in(request)) == (True, False)


def test_signing_out_ends_the_session_and_is_recorded(ada: User, browser: Browser, now: datetime) -> None:
    request = browser()
    attempt(request, ada.email, make.PASSWORD, now)
    key = request.session.session_key
    sign_out(request=request, now=now)

    assert not type(request.session)().exists(key)
    assert AuditLog.objects.filter(action="SIGNED_OUT", resource_id=str(ada.pk)).count() == 1


def test_stranger_who_signs_out_leaves_no_record(browser: Browser, now: datetime) -> None:
    sign_out(request=browser(), now=now)

    assert not AuditLog.objects.filter(action="SIGNED_OUT").exists()
