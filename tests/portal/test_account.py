"""Signing in and out, and the pages about oneself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import AuditLog
from tests import make


def sign_in(client: Client, **changes: str) -> Any:
    """Send the sign-in form."""
    return client.post("/sign-in/", {"email": "ada@example.test", "password": make.PASSWORD, **changes})


@pytest.fixture
def ada(db: None) -> None:
    """Ada has a password."""
    make.user("ADMIN", password=make.PASSWORD)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", "/"),
        ("/nodes/?status=offline", "/nodes/?status=offline"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///evil.example", "/"),
        ("\\\\evil.example", "/"),
    ],
)
def test_sign_in_leads_on_within_this_host_only(ada: None, wanted: str, expected: str) -> None:
    answer = sign_in(Client(), next=wanted)
    assert (answer.status_code, answer["Location"]) == (302, expected)


def test_wrong_password_says_no_more_than_it_must(ada: None) -> None:
    wrong, unknown = sign_in(Client(), password="wrong"), sign_in(Client(), email="nobody@example.test")
    for answer in (wrong, unknown):
        assert answer.status_code == 401
        assert "do not match" in answer.content.decode()
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").count() == 2


def test_too_many_attempts_are_told_how_long_to_wait(ada: None) -> None:
    client = Client()
    answers = [sign_in(client, password="wrong") for _ in range(8)]
    last = answers[-1]
    assert last.status_code == 429
    assert 'data-testid="throttled"' in last.content.decode() and "again <time" in last.content.decode()


def test_sign_out_is_a_post_that_ends_the_session(ada: None) -> None:
    client = Client()
    sign_in(client)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302


def test_form_without_token_is_refused_with_a_page(ada: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a@b.test", "password": "x"})
    assert answer.status_code == 403 and "The form is too old" in answer.content.decode()


def test_profile_sets_the_zone_of_all_times(client_as: Callable[[str], Client]) -> None:
    client = client_as("READONLY")
    assert client.post("/me/", {"full_name": "Rita R.", "time_zone": "Asia/Tokyo"}).status_code == 302
    page = client.get("/").content.decode()
    assert 'data-zone="Asia/Tokyo"' in page and "Rita R." in page


def test_unknown_zone_is_refused_beside_the_field(client_as: Callable[[str], Client]) -> None:
    answer = client_as("READONLY").post("/me/", {"full_name": "Rita", "time_zone": "Mars/Base"})
    assert answer.status_code == 422 and "IANA" in answer.content.decode()


def test_password_change_names_what_is_wrong(ada: None) -> None:
    client = Client()
    sign_in(client)
    good = "a long enough new password"
    cases = {
        "The two new passwords differ": {"old_password": make.PASSWORD, "new_password": good, "again": "other"},
        "not your current password": {"old_password": "wrong", "new_password": good, "again": good},
        "too short": {"old_password": make.PASSWORD, "new_password": "short", "again": "short"},
    }
    for text, form in cases.items():
        answer = client.post("/me/password/", form)
        assert answer.status_code == 422 and text in answer.content.decode()


def test_changed_password_signs_in_afterwards(ada: None) -> None:
    client, good = Client(), "a long enough new password"
    sign_in(client)
    form = {"old_password": make.PASSWORD, "new_password": good, "again": good}
    assert client.post("/me/password/", form).status_code == 302
    assert client.get("/").status_code == 200
    assert sign_in(Client(), password=good).status_code == 302
