"""Who gets which page: the whole table of addresses by role."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from apps.accounts.models import RoleMapping, User
from apps.accounts.permissions import Role
from apps.audit.models import AuditLog
from apps.nodes.models import EnrollmentToken
from tests import make, people

EVERYBODY = frozenset(Role)
OPERATORS = frozenset({Role.DEVOPS, Role.ADMIN})
AUDITORS = OPERATORS | {Role.ANALYST}
EXPORTERS = frozenset({Role.ANALYST, Role.ADMIN})


ADMINS = frozenset({Role.ADMIN})
ASKERS = EVERYBODY - {Role.READONLY}
OWN = [
    ("GET", "accounts:sessions", 200, ""),
    ("GET", "accounts:sessions-end-others", 200, ""),
    ("POST", "accounts:sessions-end-others", 302, ""),
    ("GET", "accounts:session-end", 200, "session"),
    ("POST", "accounts:session-end", 302, "session"),
    ("GET", "accounts:tokens", 200, ""),
    ("GET", "accounts:token-new", 200, ""),
    ("POST", "accounts:token-new", 422, ""),
    ("GET", "accounts:token-revoke", 200, "api_token"),
    ("POST", "accounts:token-revoke", 422, "api_token"),
    ("GET", "accounts:quotas", 200, ""),
    ("GET", "accounts:rights", 200, ""),
]
ASKED = [
    ("GET", "accounts:quota-ask", 200, ""),
    ("POST", "accounts:quota-ask", 422, ""),
    ("GET", "accounts:quota-withdraw", 200, "own_request"),
    ("POST", "accounts:quota-withdraw", 302, "own_request"),
]
SEEN = [
    ("GET", "people:list", 200, ""),
    ("GET", "people:person", 200, "person"),
    ("GET", "people:rights", 200, "person"),
    ("GET", "people:quotas", 200, ""),
]
ADMINISTERED = [
    *(
        (method, f"people:{name}", 200 if method == "GET" else 422, takes)
        for name, takes in (
            ("edit", "person"), ("role", "person"), ("move", "person"), ("override", "person"),
            ("override-lift", "person"), ("deactivate", "person"), ("activate", "closed"), ("sessions-end", "person"),
            ("token-revoke", "their_token"), ("quota", "kind"), ("quota-tenant", "tenant_kind"), ("invite", ""),
            ("mapping-new", ""), ("mapping-edit", "mapping"), ("quota-approve", "request"), ("quota-refuse", "request"),
        )
        for method in ("GET", "POST")
    ),
    ("GET", "people:invitations", 200, ""),
    ("GET", "people:invitation-revoke", 200, "invitation"),
    ("POST", "people:invitation-revoke", 302, "invitation"),
    ("GET", "people:roles", 200, ""),
    ("POST", "people:roles-try", 422, ""),
    ("GET", "people:mapping-remove", 200, "mapping"),
    # Of all tenants: the ADMIN of one reads it only.
    ("POST", "people:mapping-remove", 422, "mapping"),
    ("GET", "people:quota-requests", 200, ""),
]  # fmt: skip


@dataclass(frozen=True)
class Address:
    """An address, how it is asked, who may, and what they get."""

    method: str
    name: str
    roles: frozenset[Role]
    status: int = 200
    takes: str = ""


TABLE = [
    Address("GET", "overview", EVERYBODY),
    Address("GET", "health-banner", EVERYBODY),
    Address("GET", "accounts:profile", EVERYBODY),
    Address("GET", "accounts:password", EVERYBODY),
    *(Address(method, name, EVERYBODY, status, takes) for method, name, status, takes in OWN),
    *(Address(method, name, ASKERS, status, takes) for method, name, status, takes in ASKED),
    *(Address(method, name, OPERATORS, status, takes) for method, name, status, takes in SEEN),
    *(Address(method, name, ADMINS, status, takes) for method, name, status, takes in ADMINISTERED),
    Address("GET", "nodes:list", EVERYBODY),
    Address("GET", "nodes:detail", EVERYBODY, takes="node"),
    Address("GET", "nodes:now", EVERYBODY, takes="node"),
    Address("GET", "nodes:series", EVERYBODY, 400, takes="node"),
    Address("GET", "nodes:metrics", EVERYBODY, takes="node"),
    Address("GET", "metrics:fleet", EVERYBODY),
    Address("GET", "metrics:time", EVERYBODY),
    Address("GET", "metrics:top", EVERYBODY),
    Address("GET", "metrics:names", EVERYBODY),
    Address("GET", "metrics:compare", EVERYBODY),
    Address("GET", "metrics:compare-series", EVERYBODY, 400),
    Address("GET", "nodes:lifecycle", EVERYBODY, takes="node"),
    Address("GET", "nodes:trust", EVERYBODY, takes="node"),
    Address("GET", "nodes:correct", ADMINS, takes="node"),
    Address("POST", "nodes:correct", ADMINS, 422, takes="node"),
    Address("GET", "nodes:corrections", ADMINS, takes="node"),
    Address("GET", "nodes:correction-undo", ADMINS, takes="correction"),
    Address("POST", "nodes:correction-undo", ADMINS, 422, takes="correction"),
    Address("GET", "nodes:correction-retry", ADMINS, takes="correction"),
    Address("POST", "nodes:correction-retry", ADMINS, 422, takes="correction"),
    Address("GET", "nodes:processes", OPERATORS, takes="node"),
    Address("GET", "nodes:keys", OPERATORS, takes="node"),
    Address("GET", "nodes:enrol", OPERATORS),
    Address("POST", "nodes:enrol", OPERATORS, 422),
    Address("GET", "nodes:enrol-contact", OPERATORS, takes="token"),
    Address("POST", "nodes:approve-many", OPERATORS, 302),
    Address("POST", "nodes:approve", OPERATORS, 302, takes="node"),
    Address("GET", "nodes:drain", OPERATORS, takes="node"),
    Address("POST", "nodes:drain", OPERATORS, 422, takes="node"),
    Address("POST", "nodes:return", OPERATORS, 302, takes="node"),
    Address("GET", "nodes:retire", OPERATORS, takes="node"),
    Address("POST", "nodes:retire", OPERATORS, 422, takes="node"),
    Address("GET", "nodes:key-issue", OPERATORS, takes="node"),
    Address("POST", "nodes:key-issue", OPERATORS, 200, takes="node"),
    Address("GET", "nodes:key-rotate", OPERATORS, takes="key"),
    Address("POST", "nodes:key-rotate", OPERATORS, 422, takes="key"),
    Address("GET", "nodes:key-revoke", OPERATORS, takes="key"),
    Address("POST", "nodes:key-revoke", OPERATORS, 422, takes="key"),
    Address("GET", "audit:list", AUDITORS),
    Address("POST", "audit:export", EXPORTERS),
    Address("GET", "audit:seals", AUDITORS),
    Address("POST", "audit:verify", EXPORTERS, 302),
    Address("GET", "settings:retention", ADMINS),
    Address("GET", "settings:retention-change", ADMINS, takes="kept"),
    Address("POST", "settings:retention-change", ADMINS, 422, takes="kept"),
]
OPEN = {
    "accounts:sign-in",
    "accounts:sign-in-local",
    "accounts:sign-out",
    "accounts:invitation",
    "accounts:oidc-start",
    "accounts:oidc-callback",
    "accounts:oidc-backchannel-logout",
}


def enrolment(me: User) -> list[Any]:
    """Return the id of an enrolment token."""
    make.enrollment_token()
    return [EnrollmentToken.objects.latest("created_at").pk]


def node_key(me: User) -> list[Any]:
    """Return a node and its key."""
    node = make.node()
    return [node.pk, make.key(node).row.key_id]


def correction(me: User) -> list[Any]:
    """Return a node and a correction of its samples."""
    row = make.correction(make.node())
    return [row.node_id, row.pk]


def their_token(me: User) -> list[Any]:
    """Return a person and their token."""
    owner = people.somebody()
    return [owner.pk, people.api_token(owner).pk]


TAKES: dict[str, Callable[[User], list[Any]]] = {
    "": lambda me: [],
    "token": enrolment,
    "node": lambda me: [make.node().pk],
    "key": node_key,
    "correction": correction,
    "kept": lambda me: ["usage_metrics"],
    "session": lambda me: [people.web_session(me).pk],
    "api_token": lambda me: [people.api_token(me).pk],
    "own_request": lambda me: [people.quota_request(me).pk],
    "person": lambda me: [people.somebody().pk],
    "closed": lambda me: [people.somebody(is_active=False).pk],
    "their_token": their_token,
    "kind": lambda me: [people.somebody().pk, "hard"],
    "tenant_kind": lambda me: [make.default_tenant().pk, "soft"],
    "mapping": lambda me: [RoleMapping.objects.create(claim_value="ops", role="DEVOPS").pk],
    "invitation": lambda me: [people.invitation().pk],
    "request": lambda me: [people.quota_request(people.somebody()).pk],
}


def address_of(row: Address, role: str = "ADMIN") -> str:
    """Return the address with real things in it, asked by somebody of a role."""
    return reverse(row.name, args=TAKES[row.takes](make.user(role)))


def ask(client: Client, row: Address, role: str) -> int:
    """Return the status of the answer."""
    return client.generic(row.method, address_of(row, role)).status_code


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.name}")
def test_each_role_gets_what_the_table_says(client_as: Callable[[str], Client], role: Role, row: Address) -> None:
    assert ask(client_as(role), row, role) == (row.status if role in row.roles else 403)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.name}")
def test_strangers_are_sent_to_sign_in(db: None, row: Address) -> None:
    answer = Client().generic(row.method, address_of(row))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_every_page_is_in_the_table() -> None:
    spaces = {"": {"overview", "health-banner"}}
    for space in ("accounts", "people", "nodes", "metrics", "audit", "settings"):
        resolver = get_resolver().namespace_dict[space][1]
        spaces[space] = {f"{space}:{name}" for name in resolver.reverse_dict if isinstance(name, str)}
    assert set().union(*spaces.values()) == {row.name for row in TABLE} | OPEN


def test_refusal_is_audited_once_with_the_action(client_as: Callable[[str], Client]) -> None:
    client_as(Role.READONLY).get(reverse("audit:list"))
    entry = AuditLog.objects.get(action="ACCESS_DENIED")
    assert (entry.status, entry.details, entry.resource_name) == ("FAILURE", {"action": "audit.view"}, "/audit/")
    assert entry.user_email == "rita@example.test"


def test_script_without_session_gets_401_and_no_redirect(db: None) -> None:
    for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        assert Client(headers=headers).get("/nodes/").status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_no_page_offers_a_button_that_would_be_refused(client_as: Callable[[str], Client], role: Role) -> None:
    node = make.node()
    pages = "".join(client_as(role).get(path).content.decode() for path in ("/", "/nodes/", f"/nodes/{node.pk}/"))
    offered = {name for name in ("enrol", "drain", "retire") if f'data-testid="{name}"' in pages}
    assert offered == ({"enrol", "drain", "retire"} if role in OPERATORS else set())
