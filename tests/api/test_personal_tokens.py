"""Personal tokens: what opens, what does not, and that every refusal looks the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import ApiToken, User
from apps.accounts.services.tokens import IssuedToken, create_token
from apps.audit.models import AuditLog
from tests import make, signed_in

SignIn = Callable[[str], Client]
SAME = {"code": "invalid_token", "detail": "The token is not accepted."}


def issued(role: str = "DEVOPS", **options: Any) -> IssuedToken:
    """Return a new token of somebody of a role."""
    usual: dict[str, Any] = {"name": "script", "can_write": True, "days": 30, "allowed_ips": []}
    return create_token(user=make.user(role), now=datetime.now(UTC), **{**usual, **options})


def program(text: str, **options: Any) -> Client:
    """Return a program that presents a token, and nothing else; CSRF is checked as for browsers."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"}, **options)


def test_a_program_acts_as_its_person_without_cookie_or_csrf_token(db: None) -> None:
    node = make.node()
    client = program(issued().text)
    assert client.get("/api/v1/me/").json()["email"] == "otto@example.test"
    answer = client.post(f"/api/v1/nodes/{node.pk}/drain/", {"reason": "fan"}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    entries = AuditLog.objects.filter(request_id=answer["X-Request-ID"])
    assert {entry.user_email for entry in entries} == {"otto@example.test"}
    assert {entry.is_row_image for entry in entries} == {True, False}
    assert client.cookies == {}


def test_rows_are_those_of_the_tokens_person_whoever_is_signed_in_beside_it(db: None) -> None:
    elsewhere = make.tenant()
    mine, theirs = make.node(), make.node(tenant=elsewhere)
    stranger = make.user("DEVOPS", email="eve@example.test", tenant=elsewhere)
    client = program(issued("READONLY").text)
    signed_in.sign_in(client, stranger)
    found = {row["id"] for row in client.get("/api/v1/nodes/").json()["results"]}
    assert str(mine.pk) in found
    assert client.get("/api/v1/me/").json()["email"] == "rita@example.test"
    assert client.get(f"/api/v1/nodes/{mine.pk}/").status_code == 200
    assert theirs.tenant_id == elsewhere.pk


def test_a_reading_token_reads_and_changes_nothing(db: None) -> None:
    node, client = make.node(), program(issued(can_write=False).text)
    assert client.get("/api/v1/nodes/").status_code == 200
    assert client.head("/api/v1/nodes/").status_code == 200
    for method, path in (("post", f"nodes/{node.pk}/approve/"), ("patch", f"nodes/{node.pk}/"), ("patch", "me/")):
        answer = getattr(client, method)(f"/api/v1/{path}", {"name": "x"}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")


def test_a_token_is_worth_no_more_than_the_role_and_the_refusal_is_noted(db: None) -> None:
    client = program(issued("READONLY").text)
    assert client.get("/api/v1/users/").json()["code"] == "forbidden"
    entry = AuditLog.objects.get(action="ACCESS_DENIED")
    assert (entry.user_email, entry.user_role) == ("rita@example.test", "READONLY")


def spoil_digest(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(digest=bytes(32))


def expire(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


def revoke(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=datetime.now(UTC))


def elsewhere_only(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(allowed_ips=["198.51.100.0/24"])


def unreadable_network(token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk).update(allowed_ips=["nonsense"])


def close_account(token: ApiToken) -> None:
    User.objects.filter(pk=token.user_id).update(is_active=False)


def close_tenant(token: ApiToken) -> None:
    tenant = make.default_tenant()
    tenant.is_active = False
    tenant.save()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_digest, None),
        (expire, "expired"),
        (revoke, "revoked"),
        (elsewhere_only, "foreign_address"),
        (unreadable_network, "foreign_address"),
        (close_account, "account_closed"),
        (close_tenant, "account_closed"),
    ],
)
def test_a_token_that_is_not_good_any_more_is_refused_like_any_other_and_noted(
    db: None, spoil: Callable[[ApiToken], None], why: str | None
) -> None:
    made = issued()
    assert program(made.text).get("/api/v1/me/").status_code == 200
    spoil(made.row)
    answer = program(made.text).get("/api/v1/me/")
    assert (answer.status_code, answer.json()) == (401, SAME)
    assert "Bearer" in answer["WWW-Authenticate"]
    noted = AuditLog.objects.filter(action="API_TOKEN_REFUSED")
    assert [(entry.error_message, entry.resource_id) for entry in noted] == ([(why, made.row.pk)] if why else [])


GARBAGE = {"empty": "omp_", "long": "x" * 5000, "mistyped": "omp_aaaaaaaaaaaa_" + "b" * 49, "foreign": "omp_\u00e9"}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_token_is_never_looked_up(db: None, name: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = program(GARBAGE[name]).get("/api/v1/me/")
    assert (answer.status_code, answer.json()) == (401, SAME)
    assert not [query for query in captured if "token" in query["sql"]]


def test_a_bad_token_is_not_saved_by_a_good_session(client_as: SignIn) -> None:
    answer = client_as("ADMIN").get("/api/v1/me/", headers={"Authorization": "Bearer omp_wrong"})
    assert answer.status_code == 401


def test_the_network_list_lets_its_own_addresses_in(db: None) -> None:
    text = issued(allowed_ips=["192.0.2.0/24", "2001:db8::/32"]).text
    assert program(text, REMOTE_ADDR="192.0.2.9").get("/api/v1/me/").status_code == 200
    assert program(text, REMOTE_ADDR="2001:db8::7").get("/api/v1/me/").status_code == 200
    assert program(text, REMOTE_ADDR="192.0.3.9").get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/nodes/", "/me/", "/people/", "/admin/", "/api/schema/", "/api/v1/agent/config"]
)
def test_a_token_opens_neither_pages_nor_the_admin_nor_agents_addresses(db: None, path: str) -> None:
    answer = program(issued("ADMIN").text).get(path)
    assert answer.status_code in (302, 401)


def test_a_token_makes_no_tokens(db: None) -> None:
    answer = program(issued().text).post("/api/v1/me/tokens/", {"name": "more"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_needed")
    assert ApiToken.objects.count() == 1


def test_use_is_noted_once_a_minute(db: None, now: datetime) -> None:
    made = issued()
    client = program(made.text, REMOTE_ADDR="192.0.2.9")
    client.get("/api/v1/me/")
    made.row.refresh_from_db()
    first = made.row.last_used_at
    assert first is not None
    assert made.row.last_used_ip == "192.0.2.9"
    client.get("/api/v1/me/")
    made.row.refresh_from_db()
    assert made.row.last_used_at == first
    ApiToken.objects.update(last_used_at=now - timedelta(minutes=2))
    client.get("/api/v1/me/")
    made.row.refresh_from_db()
    assert made.row.last_used_at >= first


def test_a_new_token_is_shown_once_and_kept_nowhere(client_as: SignIn) -> None:
    client = client_as("USER")
    body = {"name": "backup", "scope": "write", "days": 30, "allowed_ips": ["192.0.2.7", "192.0.2.7/32"]}
    made = client.post("/api/v1/me/tokens/", body, content_type="application/json").json()
    assert made["token"].startswith(f"omp_{made['key_id']}_")
    assert (made["scopes"], made["allowed_ips"]) == (["read", "write"], ["192.0.2.7/32"])
    listed = client.get("/api/v1/me/tokens/").json()
    assert [row["key_id"] for row in listed] == [made["key_id"]]
    assert "token" not in listed[0]
    assert made["token"][17:] not in str(list(AuditLog.objects.values()))


@pytest.mark.parametrize(
    ("change", "field", "index"),
    [
        ({"days": 0}, "days", None),
        ({"days": 366}, "days", None),
        ({"scope": "admin"}, "scope", None),
        ({"allowed_ips": ["192.0.2.7", "192.0.2.300"]}, "allowed_ips", 1),
        ({"allowed_ips": ["example.com"]}, "allowed_ips", 0),
        ({"name": ""}, "name", None),
        ({"digest": "x"}, "digest", None),
    ],
)
def test_a_bad_wish_names_its_field(client_as: SignIn, change: dict[str, Any], field: str, index: int | None) -> None:
    answer = client_as("USER").post("/api/v1/me/tokens/", {"name": "x", **change}, content_type="application/json")
    assert (answer.status_code, answer.json()["field"], answer.json().get("index")) == (400, field, index)


def test_another_persons_token_and_session_are_not_found(client_as: SignIn) -> None:
    otto, uma = issued("DEVOPS").row, client_as("USER")
    session = signed_in.sign_in(Client(), make.user("DEVOPS"))
    reason = {"reason": "x"}
    revoked = uma.post(f"/api/v1/me/tokens/{otto.pk}/revoke/", reason, content_type="application/json")
    ended = uma.post(f"/api/v1/me/sessions/{session.pk}/end/", {}, content_type="application/json")
    assert (revoked.status_code, ended.status_code) == (404, 404)


def test_an_ended_session_opens_nothing_any_more(client_as: SignIn) -> None:
    here, there = client_as("USER"), Client()
    session = signed_in.sign_in(there, make.user("USER"))
    listed = here.get("/api/v1/me/sessions/").json()
    assert [row["id"] for row in listed if not row["is_current"]] == [str(session.pk)]
    assert here.post(f"/api/v1/me/sessions/{session.pk}/end/", {}, content_type="application/json").status_code == 200
    assert there.get("/api/v1/me/").status_code == 401
    assert here.get("/api/v1/me/").status_code == 200


def test_a_program_ends_every_web_session_of_its_person(client_as: SignIn) -> None:
    browser = client_as("DEVOPS")
    answer = program(issued().text).post("/api/v1/me/sessions/end-others/", {}, content_type="application/json")
    assert answer.json() == {"ended": 1}
    assert browser.get("/api/v1/me/").status_code == 401
