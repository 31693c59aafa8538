"""What stands in the places of an address: rows of one's own tenant, or of another."""

from collections.abc import Callable
from typing import Any

from apps.accounts.models import ApiToken, Invitation, Quota, QuotaRequest, RoleMapping, User, WebSession
from apps.audit.models import AuditLog
from apps.jobs.models import JobRun
from apps.metrics.models import SampleCorrection
from apps.nodes.models import EnrollmentToken, NodeApiKey, NodeCommand, NodeLifecycleLog, NodeResource
from apps.sessions.models import UserSession
from tests.portal.addresses import PLACE
from tests.rows.two_tenants import House

Value = Callable[[House, User], Any]
TARGET = "USER"
# Rows that belong to the whole installation, and words that name no row.
SHARED: dict[str, Value] = {
    "mapping_id": lambda house, person: RoleMapping.objects.get(claim_value="user").pk,
    "kind": lambda house, person: "hard",
    "table": lambda house, person: "usage_metrics",
    "text": lambda house, person: "no-invitation",
    "content_type_id": lambda house, person: 1,
}
OWNED: dict[str, Value] = {
    "node_id": lambda house, person: house.node.pk,
    "tenant_id": lambda house, person: house.tenant.pk,
    "user_id": lambda house, person: house.people[TARGET].pk,
    "id": lambda house, person: house.people[TARGET].pk,
    "session_id": lambda house, person: WebSession.objects.filter(user=person).earliest("created_at").pk,
    "token_id": lambda house, person: EnrollmentToken.objects.get(tenant=house.tenant).pk,
    "command_id": lambda house, person: NodeCommand.objects.get(node=house.node).pk,
    "invitation_id": lambda house, person: Invitation.objects.get(tenant=house.tenant).pk,
    "correction_id": lambda house, person: SampleCorrection.objects.get(node=house.node).pk,
    "quota_id": lambda house, person: Quota.objects.get(tenant=house.tenant).pk,
    "request_id": lambda house, person: QuotaRequest.objects.get(user=person).pk,
}
OF_MODEL: dict[str, Value] = {
    "auditlog": lambda house, person: AuditLog.objects.filter(tenant_id=house.tenant.pk).earliest("id").pk,
    "jobrun": lambda house, person: JobRun.objects.values_list("pk", flat=True).first() or "none",
    "tenant": OWNED["tenant_id"],
    "user": OWNED["user_id"],
    "node": OWNED["node_id"],
    "noderesource": lambda house, person: NodeResource.objects.get(node=house.node).pk,
    "nodeapikey": lambda house, person: NodeApiKey.objects.get(node=house.node).pk,
    "enrollmenttoken": OWNED["token_id"],
    "usersession": lambda house, person: UserSession.objects.get(node=house.node).pk,
    "nodelifecyclelog": lambda house, person: NodeLifecycleLog.objects.get(node=house.node).pk,
}


def has_owner(route: str) -> bool:
    """Tell whether an address names a row that belongs to a tenant or a person."""
    names = {place["name"] for place in PLACE.finditer(route)}
    return bool(names & (OWNED.keys() | {"key_id"})) or ("object_id" in names and model_of(route) not in ("jobrun", ""))


def filled(route: str, house: House, actor: User) -> str:
    """Return a path with rows of a house; about oneself they are the actor's, if the actor lives there."""
    about_oneself = "me/" in route and actor in house.people.values()
    person = actor if about_oneself else house.people[TARGET]
    return "/" + PLACE.sub(lambda place: str(_value(place["name"], route, house, person)), route)


def model_of(route: str) -> str:
    """Return the model that a page of the data-correction site is about; empty for other pages."""
    parts = route.split("/")
    return parts[2] if parts[0] == "admin" and len(parts) > 3 and parts[1] != "r" else ""


def _value(name: str, route: str, house: House, person: User) -> Any:
    """Return what stands in one place."""
    if name == "object_id":
        return OF_MODEL[model_of(route)](house, person) if model_of(route) else house.node.pk
    if name == "key_id":
        is_token = "tokens/" in route
        return ApiToken.objects.get(user=person).pk if is_token else NodeApiKey.objects.get(node=house.node).pk
    return {**SHARED, **OWNED}[name](house, person)
