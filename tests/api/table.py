"""The table of the REST door: role × address × method × status, and what stands for the ids in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.accounts.models import Quota, RoleMapping, User
from apps.nodes.models import NodeCommand
from tests import make
from tests.people import api_token, from_provider, invitation, quota_request, somebody, web_session

ALL = {"ADMIN", "DEVOPS", "ANALYST", "USER", "READONLY"}
OPERATORS = {"ADMIN", "DEVOPS"}
ASKERS = ALL - {"READONLY"}
REASON = {"reason": "because"}
FIRST = '"1"'


@dataclass(frozen=True)
class Row:
    """One line of the table: who may, and the status they get; `version` goes into If-Match.

    `is_for_all` marks what only an ADMIN bound to no tenant may change.
    """

    method: str
    path: str
    may: set[str]
    status: int = 200
    body: dict[str, Any] | None = None
    node: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    is_write: bool = True
    leaves_images: bool = True
    is_for_all: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def headers(self) -> dict[str, str]:
        """Return what the request carries."""
        return {"If-Match": self.version} if self.version else {}


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
    Row("GET", "nodes/{node}/trust/", ALL),
    Row("GET", "nodes/{node}/processes/", OPERATORS),
    Row("GET", "nodes/{node}/keys/", OPERATORS),
    Row("POST", "nodes/{node}/keys/", OPERATORS, 201, {"label": "second"}),
    Row("POST", "nodes/{node}/keys/{key}/rotate/", OPERATORS, 201, {}),
    Row("POST", "nodes/{node}/keys/{key}/revoke/", OPERATORS, body=REASON),
    Row("POST", "enrollment-tokens/", OPERATORS, 201, {}),
    Row("GET", "metrics/vitals/", ALL),
    Row("GET", "metrics/query/?metric=cpu_percent", ALL),
    Row("GET", "metrics/top/?metric=cpu_percent", ALL),
    Row("GET", "metrics/names/", ALL),
    Row("GET", "metrics/export.csv?metric=cpu_percent", ALL),
    Row("GET", "fleet/now/", ALL),
    Row("GET", "fleet/latest/", ALL),
    Row("GET", "audit/", OPERATORS | {"ANALYST"}),
    Row("GET", "me/", ALL),
    Row("PATCH", "me/", ALL, body={"full_name": "Another Name"}),
    Row("GET", "me/sessions/", ALL),
    Row("POST", "me/sessions/end-others/", ALL, body={}, leaves_images=False),
    Row("POST", "me/sessions/{session}/end/", ALL, body={}, leaves_images=False),
    Row("GET", "me/tokens/", ALL),
    Row("POST", "me/tokens/", ALL, 201, {"name": "backup"}),
    Row("POST", "me/tokens/{token}/revoke/", ALL, body=REASON),
    Row("GET", "me/rights/", ALL),
    Row("GET", "me/limits/", ALL),
    Row("GET", "users/", OPERATORS),
    Row("GET", "users/{user}/", OPERATORS),
    Row("PATCH", "users/{user}/", {"ADMIN"}, body={"full_name": "Another Name"}, version=FIRST),
    Row("POST", "users/{user}/deactivate/", {"ADMIN"}, body=REASON),
    Row("POST", "users/{closed}/activate/", {"ADMIN"}, body=REASON),
    Row("POST", "users/{provided}/role-override/", {"ADMIN"}, body={"role": "DEVOPS", **REASON}),
    Row("POST", "users/{overridden}/role-override/lift/", {"ADMIN"}, body=REASON),
    Row("POST", "users/{user}/sessions/end/", {"ADMIN"}, body=REASON, leaves_images=False),
    Row("POST", "users/{user}/tokens/{their_token}/revoke/", {"ADMIN"}, body=REASON),
    Row("GET", "users/{user}/rights/", OPERATORS),
    Row("GET", "invitations/", {"ADMIN"}),
    Row("POST", "invitations/", {"ADMIN"}, 201, {"email": "nora@example.test"}),
    Row("POST", "invitations/{invitation}/revoke/", {"ADMIN"}, body={}),
    Row("GET", "role-mappings/", {"ADMIN"}),
    Row("POST", "role-mappings/", {"ADMIN"}, 201, {"claim_value": "ops", "role": "DEVOPS"}, is_for_all=True),
    Row("POST", "role-mappings/dry-run/", {"ADMIN"}, body={"claims": "ops"}, is_write=False),
    Row("GET", "role-mappings/{mapping}/", {"ADMIN"}),
    Row("PATCH", "role-mappings/{mapping}/", {"ADMIN"}, body={"role": "USER"}, version=FIRST, is_for_all=True),
    Row("POST", "role-mappings/{mapping}/remove/", {"ADMIN"}, 204, {}, version=FIRST, is_for_all=True),
    Row("GET", "quotas/", OPERATORS),
    Row("POST", "quotas/", {"ADMIN"}, 201, {"user_id": "{user}", "cpu_cores": 8}),
    Row("GET", "quotas/{quota}/", OPERATORS),
    Row("PATCH", "quotas/{quota}/", {"ADMIN"}, body={"cpu_cores": 16}, version=FIRST),
    Row("GET", "quota-requests/", ALL),
    Row("GET", "quota-requests/?whose=all", {"ADMIN"}),
    Row("POST", "quota-requests/", ASKERS, 201, {"cpu_cores": 8, **REASON}),
    Row("POST", "quota-requests/{own_request}/withdraw/", ASKERS, body={}),
    Row("POST", "quota-requests/{request}/decide/", {"ADMIN"}, body={"approve": True, "comment": "fine"}),
]


LONG = {
    "node": "node_id", "key": "key_id", "command": "command_id", "session": "session_id", "token": "key_id",
    "their_token": "key_id", "user": "user_id", "closed": "user_id", "provided": "user_id", "overridden": "user_id",
    "invitation": "invitation_id", "mapping": "mapping_id", "quota": "quota_id", "request": "request_id",
    "own_request": "request_id",
}  # fmt: skip


def node_places(**columns: Any) -> tuple[dict[str, str], str]:
    """Return what stands for {node}, {key} and {command}, and the key's text."""
    node = make.node(**columns)
    key, command = make.key(node), NodeCommand.objects.create(node=node, command="ping")
    make.latest(node, datetime.now(UTC))
    return {"node": str(node.pk), "key": key.row.key_id, "command": str(command.pk)}, key.text


PEOPLE: dict[str, Callable[[User], Any]] = {
    "session": web_session,
    "token": api_token,
    "user": lambda me: somebody(),
    "their_token": lambda me: api_token(somebody()),
    "closed": lambda me: somebody(2, is_active=False),
    "provided": lambda me: from_provider(3),
    "overridden": lambda me: from_provider(4, role="DEVOPS", role_override=True, role_override_reason="on call"),
    "invitation": lambda me: invitation(),
    "mapping": lambda me: RoleMapping.objects.create(claim_value="admins", role="ADMIN"),
    "quota": lambda me: Quota.objects.create(user=somebody(5), cpu_cores=4.0),
    "request": lambda me: quota_request(somebody(6)),
    "own_request": quota_request,
}


def places(row: Row, role: str = "ADMIN") -> tuple[dict[str, str], str]:
    """Return what stands for the ids of a row, asked by somebody of a role, and the text of an agent's key."""
    where, key = node_places(**row.node)
    if row.is_for_all and role == "ADMIN":
        me = make.user(role)
        User.objects.filter(pk=me.pk).update(tenant=None)
    text = f"{row.path} {row.body}"
    made = {name: maker(make.user(role)) for name, maker in PEOPLE.items() if f"{{{name}}}" in text}
    return where | {name: str(thing.pk) for name, thing in made.items()}, key


def body_of(row: Row, where: dict[str, str]) -> Any:
    """Return the body of a row with its ids."""
    if row.body is None:
        return None
    return {name: value.format(**where) if isinstance(value, str) else value for name, value in row.body.items()}
