"""Role × address × method × status: the whole table, for people, agents and strangers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.api.views.docs import openapi_document
from apps.audit.models import AuditLog
from tests import make, signed_in
from tests.api.table import ALL, LONG, TABLE, Row, body_of, node_places, places

SignIn = Callable[[str], Client]


AGENT_TABLE = [
    ("GET", "agent/config", 204, None),
    ("POST", "agent/keys/rotate", 201, {}),
    ("POST", "agent/commands/{command}", 200, {"status": "done"}),
]
# Answered by the ingest process, ahead of Django.
INGEST = {
    *(("POST", f"agent/{name}") for name in ("heartbeat", "metrics", "processes", "login-sessions")),
    *(("POST", f"agent/prometheus/{name}") for name in ("write", "api/v1/write")),
    *(("POST", f"agent/influx/{name}") for name in ("write", "api/v2/write")),
    *(("GET", f"agent/influx/{name}") for name in ("ping", "health")),
    ("POST", "agent/otlp/v1/metrics"),
}


def ask(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send a request to the door."""
    data = {"data": body, "content_type": "application/json"} if body is not None else {}
    return getattr(client, method.lower())(f"/api/v1/{path}", headers=headers or None, **data)


@pytest.mark.parametrize("role", sorted(ALL))
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_people_get_what_their_role_allows(client_as: SignIn, row: Row, role: str) -> None:
    client, (where, _) = client_as(role), places(row, role)
    answer = ask(client, row.method, row.path.format(**where), body_of(row, where), **row.headers)
    assert answer.status_code == (row.status if role in row.may else 403), answer.content
    if role not in row.may:
        assert answer.json()["code"] == "forbidden"
        refusal = AuditLog.objects.get(action="ACCESS_DENIED")
        assert (refusal.user_role, refusal.status) == (role, "FAILURE")


def test_the_table_names_every_address_and_method() -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1/"))
        for path, item in openapi_document()["paths"].items()
        for method in item
    }
    rows = [(row.method, row.path.partition("?")[0]) for row in TABLE] + [(row[0], row[1]) for row in AGENT_TABLE]
    names = {short: f"{{{long}}}" for short, long in LONG.items()}
    listed = {(method, path.format(**names)) for method, path in rows}
    assert described == listed | INGEST | {("POST", "agent/enroll")}


@pytest.mark.parametrize("row", [row for row in TABLE if row.method != "GET" and row.is_write], ids=str)
def test_a_write_leaves_one_event_and_its_row_images_share_the_request(client_as: SignIn, row: Row) -> None:
    client, (where, _) = client_as("ADMIN"), places(row)
    before = set(AuditLog.objects.values_list("pk", flat=True))
    answer = ask(client, row.method, row.path.format(**where), body_of(row, where), **row.headers)
    new = AuditLog.objects.exclude(pk__in=before)
    assert [entry.user_email for entry in new.filter(is_row_image=False)] == ["ada@example.test"]
    assert set(new.values_list("request_id", flat=True)) == {answer["X-Request-ID"]}
    assert new.filter(is_row_image=True).exists() == row.leaves_images


def test_head_is_allowed_where_get_is(client_as: SignIn) -> None:
    assert client_as("READONLY").head("/api/v1/nodes/").status_code == 200
    assert client_as("READONLY").head("/api/v1/audit/").status_code == 403


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_strangers_get_401_as_json_and_never_a_redirect(db: None, client: Client, row: Row) -> None:
    where, _ = places(row)
    answer = ask(client, row.method, row.path.format(**where), row.body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["WWW-Authenticate"].startswith("Session")


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_an_agents_key_opens_nothing_for_people(db: None, client: Client, row: Row) -> None:
    where, key = places(row)
    answer = ask(client, row.method, row.path.format(**where), row.body, Authorization=f"Bearer {key}")
    assert answer.status_code == 401


@pytest.mark.parametrize("row", [row for row in TABLE if row.method != "GET"], ids=str)
def test_a_write_by_session_needs_the_csrf_token(db: None, row: Row) -> None:
    client = Client(enforce_csrf_checks=True)
    signed_in.sign_in(client, make.user("ADMIN"))
    where, _ = places(row)
    answer = ask(client, row.method, row.path.format(**where), row.body)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(("method", "path", "status", "body"), AGENT_TABLE)
def test_agents_get_what_their_key_allows(
    db: None, client: Client, method: str, path: str, status: int, body: dict[str, Any] | None
) -> None:
    where, key = node_places()
    answer = ask(client, method, path.format(**where), body, Authorization=f"Bearer {key}")
    assert answer.status_code == status, answer.content


@pytest.mark.parametrize(("method", "path", "status", "body"), AGENT_TABLE)
def test_a_person_is_no_agent(
    client_as: SignIn, method: str, path: str, status: int, body: dict[str, Any] | None
) -> None:
    where, _ = node_places()
    answer = ask(client_as("ADMIN"), method, path.format(**where), body)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", sorted(ALL))
def test_the_description_is_for_everybody_signed_in(client_as: SignIn, role: str) -> None:
    client = client_as(role)
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "unsafe" not in page["Content-Security-Policy"]
    assert b"<script>" not in page.content


def test_the_description_is_not_for_strangers(db: None, client: Client) -> None:
    assert client.get("/api/schema/").status_code == 401
    assert client.get("/api/docs/").status_code == 302


@pytest.mark.parametrize("method", ["put", "delete", "options", "trace"])
def test_other_methods_are_405(client_as: SignIn, method: str) -> None:
    answer = getattr(client_as("ADMIN"), method)("/api/v1/nodes/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
