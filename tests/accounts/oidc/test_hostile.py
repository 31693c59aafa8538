"""Tokens and answers that a hostile or broken world sends: each is refused with a page, recorded, and opens nothing."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client

from apps.accounts.models import User, WebSession
from apps.audit.models import AuditLog
from tests.accounts.oidc.conftest import code_of, come_back, leave, query_of, walk
from tests.accounts.oidc.provider import CLIENT, SECRET, Claims, OpenIdProvider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]

NOW = time.time
WRONG_CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "audience of another client": lambda c: {**c, "aud": "another"},
    "audience missing": lambda c: without(c, "aud"),
    "issuer of another realm": lambda c: {**c, "iss": c["iss"] + "-other"},
    "issuer missing": lambda c: without(c, "iss"),
    "authorized party another client": lambda c: {**c, "azp": "another"},
    "authorized party missing": lambda c: without(c, "azp"),
    "for us among others, but made for another": lambda c: {**c, "aud": [CLIENT, "another"], "azp": "another"},
    "expired": lambda c: {**c, "exp": int(NOW()) - 31},
    "expiry missing": lambda c: without(c, "exp"),
    "expiry no number": lambda c: {**c, "exp": "tomorrow"},
    "expiry beyond all numbers": lambda c: {**c, "exp": float("inf")},
    "issued in the future": lambda c: {**c, "iat": int(NOW()) + 60},
    "issued at no time": lambda c: without(c, "iat"),
    "not valid yet": lambda c: {**c, "nbf": int(NOW()) + 60},
    "subject missing": lambda c: without(c, "sub"),
    "subject empty": lambda c: {**c, "sub": ""},
    "subject a number": lambda c: {**c, "sub": 7},
    "subject longer than a name": lambda c: {**c, "sub": "x" * 256},
    "subject no database can hold": lambda c: {**c, "sub": "a\x00b"},
    "nonce of another sign-in": lambda c: {**c, "nonce": "x" * 32},
    "nonce missing": lambda c: without(c, "nonce"),
    "nonce a list": lambda c: {**c, "nonce": [c["nonce"]]},
    "an access token": lambda c: {**c, "typ": "Bearer"},
    "a logout token": lambda c: {**c, "typ": "Logout"},
}
FORGED: dict[str, Callable[[OpenIdProvider], Callable[[Claims], Any]]] = {
    "not signed at all": lambda op: lambda c: jwt.encode(c, None, algorithm="none", headers={"kid": op.key_name}),
    "signed with the client's secret": lambda op: (
        lambda c: jwt.encode(c, SECRET.ljust(32), algorithm="HS256", headers={"kid": op.key_name})
    ),
    "signed with another key under the right name": lambda op: lambda c: op.sign(c, "stranger's", kid=op.key_name),
    "signed with an unknown key": lambda op: lambda c: op.sign(c, "stranger's", kid="unknown"),
    "naming the encryption key": lambda op: lambda c: op.sign(c, kid="other"),
    "naming no key": lambda op: lambda c: jwt.encode(c, "x" * 64, algorithm="HS512"),
    "signature cut off": lambda op: lambda c: op.sign(c).rpartition(".")[0] + ".",
    "changed after signing": lambda op: lambda c: swapped(op.sign(c), op.sign({**c, "sub": "root"})),
    "of one part": lambda op: lambda c: "nonsense",
    "absent": lambda op: lambda c: None,
    "a number": lambda op: lambda c: 7,
}


def without(claims: Claims, name: str) -> Claims:
    """Return the claims but one."""
    return {key: value for key, value in claims.items() if key != name}


def swapped(first: str, second: str) -> str:
    """Return the content of one token under the signature of another."""
    return ".".join([*second.split(".")[:2], first.split(".")[2]])


def assert_refused(answer: Any, code: str) -> None:
    """Check that nobody came in, with a page that says so and one line in the log."""
    assert (answer.status_code, code_of(answer)) == (403, code)
    assert not WebSession.objects.exists()
    assert not User.objects.exists()
    entry = AuditLog.objects.get(action="SIGN_IN_REFUSED")
    assert (entry.error_message, entry.status) == (code, "FAILURE")


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_token_that_is_not_ours_is_refused(case: str, op: OpenIdProvider) -> None:
    op.add("mallory", roles=["admin"])
    op.mutate = WRONG_CLAIMS[case]

    assert_refused(walk(Client()), "token_refused")


@pytest.mark.parametrize("case", FORGED)
def test_token_that_nobody_signed_is_refused(case: str, op: OpenIdProvider) -> None:
    op.add("mallory", roles=["admin"])
    op.forge = FORGED[case](op)

    assert_refused(walk(Client()), "token_refused")


@pytest.mark.parametrize(
    "mutate",
    [
        lambda c: {**c, "exp": int(NOW()) - 20},
        lambda c: {**c, "iat": int(NOW()) + 20},
        lambda c: {**c, "aud": [CLIENT]},
        lambda c: without(c, "typ"),
        lambda c: without(c, "sid"),
    ],
    ids=["expired within the leeway", "clock ahead within the leeway", "list of us", "no type", "no session id"],
)
def test_token_within_what_is_agreed_is_accepted(mutate: Callable[[Claims], Claims], op: OpenIdProvider) -> None:
    op.add("olga")
    op.mutate = mutate
    client = Client()
    walk(client)

    assert client.get("/").status_code == 200


def test_state_counts_once(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    address = leave(client)
    come_back(client, address)
    client.post("/sign-out/")

    again = come_back(client, address)
    assert (again.status_code, code_of(again)) == (403, "unknown_state")
    assert client.get("/").status_code == 302


def test_answer_meant_for_another_browser_is_refused(op: OpenIdProvider) -> None:
    op.add("mallory")
    victim = Client()

    assert_refused(come_back(victim, leave(Client())), "unknown_state")


def test_code_counts_once(op: OpenIdProvider) -> None:
    op.add("olga")
    first, second = Client(), Client()
    used = query_of(leave(first))["code"]
    op.codes.pop(used)
    address = leave(second)

    assert_refused(come_back(second, address.replace(query_of(address)["code"], used)), "grant_refused")


def test_code_of_another_sign_in_fails_for_its_verifier(op: OpenIdProvider) -> None:
    op.add("olga")
    victim, thief = Client(), Client()
    stolen = query_of(leave(victim))["code"]
    address = leave(thief)

    assert_refused(come_back(thief, address.replace(query_of(address)["code"], stolen)), "grant_refused")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a: {**a, "iss": "https://evil.example"}, "wrong_issuer"),
        (lambda a: without(a, "iss"), "wrong_issuer"),
        (lambda a: {**a, "state": "x" * 32}, "unknown_state"),
        (lambda a: without(a, "state"), "unknown_state"),
        (lambda a: without(a, "code"), "provider_error"),
        (lambda a: {**without(a, "code"), "error": "access_denied"}, "provider_error"),
        (lambda a: {**a, "error": "<script>alert(1)</script>"}, "provider_error"),
        (lambda a: {**a, "code": "made up"}, "grant_refused"),
    ],
)
def test_answer_that_is_not_what_was_asked_for_is_refused(
    change: Callable[[Claims], Claims], code: str, op: OpenIdProvider
) -> None:
    op.add("olga")
    op.answer = change
    answer = walk(Client())

    assert_refused(answer, code)
    assert "<script>alert" not in answer.content.decode()


def test_sign_in_that_took_too_long_is_refused(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    address = leave(client)
    session = client.session
    session["oidc_states"] = {k: {**v, "added_on": v["added_on"] - 601} for k, v in session["oidc_states"].items()}
    session.save()

    assert_refused(come_back(client, address), "state_expired")


def test_foreign_answer_does_not_sign_anybody_out(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    walk(client)
    answer = client.get("/oidc/callback/?error=login_required&state=forged")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_floods_of_refusals_end_in_a_wait_and_not_in_the_log(op: OpenIdProvider) -> None:
    statuses = [Client().get("/oidc/callback/?code=a&state=b").status_code for _ in range(25)]

    assert statuses[-1] == 429
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED").count() < 25
