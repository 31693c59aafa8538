"""Role × address × method × status: the whole table, for people, agents and strangers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.api.views.docs import openapi_document
from apps.audit.models import AuditLog
from apps.nodes.models import NodeCommand
from tests import make, signed_in

SignIn = Callable[[str], Client]
ALL = {"ADMIN", "DEVOPS", "ANALYST", "USER", "READONLY"}
OPERATORS = {"ADMIN", "DEVOPS"}
REASON = {"reason": "because"}


@dataclass(frozen=True)
class Row:
    """One line of the table: who may, and the status they get."""

    method: str
    path: str
    may: set[str]
    status: int = 200
    body: dict[str, Any] | None = None
    node: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


TABLE = [
    Row("GET", "nodes/", ALL),
    Row("GET", "nodes/{node}/", ALL),
    Row("PATCH", "nodes/{node}/", OPERATORS, body={"name": "New name"}),
    Row("POST", "nodes/{node}/approve/", OPERATORS, body={}, node={"status": "pending"}),
    Row("POST", "nodes/{node}/drain/", OPERATORS, body=REASON),
    Row("POST", "nodes/{node}/return/", OPERATORS, body={}, node={"is_draining": True}),
    Row("POST", "nodes/{node}/retire/", OPERATORS, body=REASON),
    Row("GET", "nodes/{node}/lifecycle/", ALL),
    Row("GET", "nodes/{node}/metrics/?metric=cpu_percent", ALL),
    Row("GET", "nodes/{node}/latest/", ALL),
    Row("GET", "nodes/{node}/processes/", OPERATORS),
    Row("GET", "nodes/{node}/keys/", OPERATORS),
    Row("POST", "nodes/{node}/keys/", OPERATORS, 201, {"label": "second"}),
    Row("POST", "nodes/{node}/keys/{key}/rotate/", OPERATORS, 201, {}),
    Row("POST", "nodes/{node}/keys/{key}/revoke/", OPERATORS, body=REASON),
    Row("POST", "enrollment-tokens/", OPERATORS, 201, {}),
    Row("GET", "metrics/vitals/", ALL),
    Row("GET", "fleet/now/", ALL),
    Row("GET", "audit/", OPERATORS | {"ANALYST"}),
]
AGENT_TABLE = [
    ("GET", "agent/config", 204, None),
    ("POST", "agent/keys/rotate", 201, {}),
    ("POST", "agent/commands/{command}", 200, {"status": "done"}),
]


def ask(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send a request to the door."""
    data = {"data": body, "content_type": "application/json"} if body is not None else {}
    return getattr(client, method.lower())(f"/api/v1/{path}", headers=headers or None, **data)


def places(**columns: Any) -> tuple[dict[str, str], str]:
    """Return what stands for {node}, {key} and {command}, and the key's text."""
    node = make.node(**columns)
    key, command = make.key(node), NodeCommand.objects.create(node=node, command="ping")
    make.latest(node, datetime.now(UTC))
    return {"node": str(node.pk), "key": key.row.key_id, "command": str(command.pk)}, key.text


@pytest.mark.parametrize("role", sorted(ALL))
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_people_get_what_their_role_allows(client_as: SignIn, row: Row, role: str) -> None:
    client, (where, _) = client_as(role), places(**row.node)
    answer = ask(client, row.method, row.path.format(**where), row.body)
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
    places = {"{node}": "{node_id}", "{key}": "{key_id}", "{command}": "{command_id}"}
    listed = {(row.method, row.path.partition("?")[0]) for row in TABLE} | {(row[0], row[1]) for row in AGENT_TABLE}
    for short, long in places.items():
        listed = {(method, path.replace(short, long)) for method, path in listed}
    ingest = {("POST", f"agent/{name}") for name in ("heartbeat", "metrics", "processes")}
    assert described == listed | ingest | {("POST", "agent/enroll")}


@pytest.mark.parametrize("row", [row for row in TABLE if row.method != "GET"], ids=str)
def test_a_write_leaves_one_event_and_its_row_images_share_the_request(client_as: SignIn, row: Row) -> None:
    client, (where, _) = client_as("ADMIN"), places(**row.node)
    before = set(AuditLog.objects.values_list("pk", flat=True))
    answer = ask(client, row.method, row.path.format(**where), row.body)
    new = AuditLog.objects.exclude(pk__in=before)
    assert [entry.user_email for entry in new.filter(is_row_image=False)] == ["ada@example.test"]
    assert set(new.values_list("request_id", flat=True)) == {answer["X-Request-ID"]}
    assert new.filter(is_row_image=True).exists()


def test_head_is_allowed_where_get_is(client_as: SignIn) -> None:
    assert client_as("READONLY").head("/api/v1/nodes/").status_code == 200
    assert client_as("READONLY").head("/api/v1/audit/").status_code == 403


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_strangers_get_401_as_json_and_never_a_redirect(db: None, client: Client, row: Row) -> None:
    where, _ = places(**row.node)
    answer = ask(client, row.method, row.path.format(**where), row.body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["WWW-Authenticate"].startswith("Session")


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_an_agents_key_opens_nothing_for_people(db: None, client: Client, row: Row) -> None:
    where, key = places(**row.node)
    answer = ask(client, row.method, row.path.format(**where), row.body, Authorization=f"Bearer {key}")
    assert answer.status_code == 401


@pytest.mark.parametrize("row", [row for row in TABLE if row.method != "GET"], ids=str)
def test_a_write_by_session_needs_the_csrf_token(db: None, row: Row) -> None:
    client = Client(enforce_csrf_checks=True)
    signed_in.sign_in(client, make.user("ADMIN"))
    where, _ = places(**row.node)
    answer = ask(client, row.method, row.path.format(**where), row.body)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(("method", "path", "status", "body"), AGENT_TABLE)
def test_agents_get_what_their_key_allows(
    db: None, client: Client, method: str, path: str, status: int, body: dict[str, Any] | None
) -> None:
    where, key = places()
    answer = ask(client, method, path.format(**where), body, Authorization=f"Bearer {key}")
    assert answer.status_code == status, answer.content


@pytest.mark.parametrize(("method", "path", "status", "body"), AGENT_TABLE)
def test_a_person_is_no_agent(
    client_as: SignIn, method: str, path: str, status: int, body: dict[str, Any] | None
) -> None:
    where, _ = places()
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
