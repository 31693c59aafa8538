"""The provider says that somebody signed out elsewhere; others only say that they are the provider."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from django.test import Client

from apps.accounts.models import SeenLogoutToken, User, WebSession
from apps.accounts.services import forget_old_sign_ins
from apps.audit.models import AuditLog
from tests.accounts.oidc.conftest import walk
from tests.accounts.oidc.provider import EVENT, SECRET, OpenIdProvider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]
NOW = time.time


def say(token: Any) -> Any:
    """Send a logout token as the provider does."""
    return Client(enforce_csrf_checks=True).post("/oidc/backchannel-logout/", {"logout_token": token})


def signed_in_twice(op: OpenIdProvider, sub: str = "olga") -> list[Client]:
    """Return two browsers of one person."""
    op.add(sub)
    clients = [Client(), Client()]
    for client in clients:
        walk(client)
    return clients


def sid_of(client: Client) -> str:
    """Return the provider's name for the session of a browser."""
    return next(s.oidc_sid for s in WebSession.objects.all() if s.session_digest == digest(client))


def digest(client: Client) -> str:
    """Return what the database keeps of a browser's cookie."""
    return str(client.get("/").wsgi_request.web_session.session_digest)


def who_is_in(*clients: Client) -> list[bool]:
    """Tell for each browser whether a page opens."""
    return [client.get("/").status_code == 200 for client in clients]


def test_session_that_is_named_ends_and_the_others_are_asked_about_at_once(op: OpenIdProvider) -> None:
    first, second = signed_in_twice(op)
    answer = say(op.logout_token(sub="olga", sid=sid_of(first)))

    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    assert who_is_in(first, second) == [False, True]
    assert WebSession.objects.get(revoked_at=None).revalidated_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert AuditLog.objects.get(action="BACKCHANNEL_LOGOUT").details == {"ended": 1}


def test_session_id_alone_is_enough(op: OpenIdProvider) -> None:
    first, second = signed_in_twice(op)

    assert say(op.logout_token(sid=sid_of(second))).status_code == 200
    assert who_is_in(first, second) == [True, False]


def test_subject_alone_ends_all_of_the_person_and_nobody_elses(op: OpenIdProvider) -> None:
    olga, otto = signed_in_twice(op), signed_in_twice(op, "otto")

    assert say(op.logout_token(sub="olga")).status_code == 200
    assert who_is_in(*olga, *otto) == [False, False, True, True]


def test_session_of_somebody_else_than_the_subject_stays(op: OpenIdProvider) -> None:
    olga, _ = signed_in_twice(op)
    otto, _ = signed_in_twice(op, "otto")

    assert say(op.logout_token(sub="otto", sid=sid_of(olga))).status_code == 200
    assert who_is_in(olga, otto) == [True, True]


def test_person_who_was_never_here_is_no_error(op: OpenIdProvider) -> None:
    assert say(op.logout_token(sub="stranger")).status_code == 200


def test_token_counts_once(op: OpenIdProvider) -> None:
    clients = signed_in_twice(op)
    token = op.logout_token(sub="olga")
    say(token)
    walk(clients[0])

    assert say(token).status_code == 400
    assert who_is_in(*clients) == [True, False]
    entry = AuditLog.objects.get(action="BACKCHANNEL_LOGOUT_REFUSED")
    assert (entry.status, entry.details["why"]) == ("FAILURE", "replayed")


def test_seen_tokens_are_forgotten_once_they_are_over(op: OpenIdProvider) -> None:
    say(op.logout_token(sub="olga"))
    before = SeenLogoutToken.objects.count()
    forget_old_sign_ins(now=datetime.fromtimestamp(NOW() + 3600, UTC))

    assert (before, SeenLogoutToken.objects.count()) == (1, 0)


CHANGED: dict[str, dict[str, Any]] = {
    "for another client": {"aud": "another"},
    "of another issuer": {"iss": "https://evil.example"},
    "with a nonce": {"nonce": "x"},
    "with an empty nonce": {"nonce": ""},
    "without an event": {"events": None},
    "with another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "with events that are a list": {"events": [EVENT]},
    "with an event that is a text": {"events": {EVENT: "yes"}},
    "without subject and session": {"sub": None},
    "with an empty subject": {"sub": ""},
    "with a subject that is a list": {"sub": ["olga"]},
    "with a session id that is a number": {"sid": 7},
    "without an id": {"jti": None},
    "with an id no database can hold": {"jti": "a\x00b"},
    "with an id longer than a name": {"jti": "x" * 256},
    "without an end": {"exp": None},
    "without a beginning": {"iat": None},
}
# Seconds from now to its beginning and to its end.
MISTIMED = {"expired": (-200, -31), "from the future": (600, 700), "valid for long": (0, 361)}
FORGED: dict[str, Callable[[OpenIdProvider, dict[str, Any]], str]] = {
    "not signed": lambda op, c: jwt.encode(c, None, algorithm="none", headers={"typ": "logout+jwt", "kid": "first"}),
    "signed with the client's secret": lambda op, c: jwt.encode(
        c, SECRET.ljust(32), algorithm="HS256", headers={"typ": "logout+jwt", "kid": "first"}
    ),
    "signed by a stranger": lambda op, c: op.sign(c, "stranger's", kid="first", typ="logout+jwt"),
    "of no type": lambda op, c: op.sign(c),
    "nonsense": lambda op, c: "a.b.c",
    "empty": lambda op, c: "",
    "half a character": lambda op, c: "\ud800",
    "huge": lambda op, c: "x" * 100_000,
}


def assert_nothing_came_of(answer: Any, clients: list[Client]) -> None:
    """Check that a token was refused as the protocol says, on record, and that people are still in."""
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "no-store" in answer["Cache-Control"]
    assert who_is_in(*clients) == [True, True]
    assert AuditLog.objects.filter(action="BACKCHANNEL_LOGOUT_REFUSED").count() == 1
    assert not SeenLogoutToken.objects.exists()


@pytest.mark.parametrize("case", CHANGED)
def test_logout_token_that_is_not_for_us_or_no_such_is_refused(case: str, op: OpenIdProvider) -> None:
    clients = signed_in_twice(op)

    assert_nothing_came_of(say(op.logout_token(**{"sub": "olga", **CHANGED[case]})), clients)


@pytest.mark.parametrize("case", MISTIMED)
def test_logout_token_of_another_time_is_refused(case: str, op: OpenIdProvider) -> None:
    clients, now = signed_in_twice(op), int(NOW())
    begins, ends = MISTIMED[case]

    assert_nothing_came_of(say(op.logout_token(sub="olga", iat=now + begins, exp=now + ends)), clients)


@pytest.mark.parametrize("case", FORGED)
def test_forged_logout_token_is_refused(case: str, op: OpenIdProvider) -> None:
    clients = signed_in_twice(op)
    token = FORGED[case](op, op.logout_claims(sub="olga")).encode("utf8", "replace").decode()

    assert_nothing_came_of(say(token), clients)


def test_id_token_is_no_logout_token(op: OpenIdProvider) -> None:
    clients = signed_in_twice(op)

    assert_nothing_came_of(say(WebSession.objects.all()[0].id_token), clients)


def test_logout_endpoint_takes_no_get_and_needs_no_cookie(op: OpenIdProvider) -> None:
    assert Client().get("/oidc/backchannel-logout/").status_code == 405


def test_flood_of_forged_tokens_ends_in_a_wait(op: OpenIdProvider) -> None:
    statuses = [say("nonsense").status_code for _ in range(25)]

    assert statuses[-1] == 429
    assert AuditLog.objects.filter(action="BACKCHANNEL_LOGOUT_REFUSED").count() < 25


def test_provider_that_shows_no_keys_is_told_to_come_again(op: OpenIdProvider) -> None:
    op.trouble["/certs"] = "broken"
    answer = say(op.logout_token(sub="olga"))

    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
    assert User.objects.count() == 0
