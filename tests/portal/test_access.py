"""Who gets which page: the whole table of addresses by role."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from apps.accounts.permissions import Role
from apps.audit.models import AuditLog
from apps.nodes.models import EnrollmentToken
from tests import make

EVERYBODY = frozenset(Role)
OPERATORS = frozenset({Role.DEVOPS, Role.ADMIN})
AUDITORS = OPERATORS | {Role.ANALYST}
EXPORTERS = frozenset({Role.ANALYST, Role.ADMIN})


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
    Address("GET", "nodes:list", EVERYBODY),
    Address("GET", "nodes:detail", EVERYBODY, takes="node"),
    Address("GET", "nodes:now", EVERYBODY, takes="node"),
    Address("GET", "nodes:series", EVERYBODY, 400, takes="node"),
    Address("GET", "nodes:lifecycle", EVERYBODY, takes="node"),
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
]
OPEN = {
    "accounts:sign-in",
    "accounts:sign-in-local",
    "accounts:sign-out",
    "accounts:oidc-start",
    "accounts:oidc-callback",
    "accounts:oidc-backchannel-logout",
}


def address_of(row: Address) -> str:
    """Return the address with a real node, key or token in it."""
    if row.takes == "token":
        make.enrollment_token()
        return reverse(row.name, args=[EnrollmentToken.objects.latest("created_at").pk])
    if row.takes == "node":
        return reverse(row.name, args=[make.node().pk])
    if row.takes == "key":
        node = make.node()
        return reverse(row.name, args=[node.pk, make.key(node).row.key_id])
    return reverse(row.name)


def ask(client: Client, row: Address) -> int:
    """Return the status of the answer."""
    return client.generic(row.method, address_of(row)).status_code


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.name}")
def test_each_role_gets_what_the_table_says(client_as: Callable[[str], Client], role: Role, row: Address) -> None:
    assert ask(client_as(role), row) == (row.status if role in row.roles else 403)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.name}")
def test_strangers_are_sent_to_sign_in(db: None, row: Address) -> None:
    answer = Client().generic(row.method, address_of(row))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_every_page_is_in_the_table() -> None:
    spaces = {"": {"overview", "health-banner"}}
    for space in ("accounts", "nodes", "audit"):
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
