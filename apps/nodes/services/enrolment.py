"""How a machine becomes a node: a token lets it in, a key comes out."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from apps.accounts.models import Tenant
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import acting, as_agent, current
from apps.core.errors import Conflict, Unauthenticated
from apps.core.keys import ENROLMENT_TOKEN, digests_match, new_key, parse
from apps.nodes import lookups, rules
from apps.nodes.models import EnrollmentToken, Node, NodeResource, NodeStatus, ResourceType
from apps.nodes.models.contact import LifecycleEvent, TriggeredBy
from apps.nodes.services.keys import rotate_key
from apps.nodes.services.lifecycle import log_lifecycle


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new enrolment token: the text is shown once and kept nowhere."""

    text: str
    row: EnrollmentToken


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What a machine says of itself when it enrols. Sizes in GB (10^9 bytes)."""

    hostname: str
    machine_id: str
    agent_version: str = ""
    os_name: str = ""
    node_type: str = "compute"
    cpu_model: str = ""
    total_cpu_cores: int | None = None
    total_memory_gb: float | None = None
    total_storage_gb: float | None = None
    gpu_model: str = ""
    gpu_count: int = 0
    ip_address: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A node that has just been let in, with its key."""

    node: Node
    key_text: str


@transaction.atomic
def create_enrollment_token(
    *, tenant: Tenant, uses: int, lifetime: timedelta, auto_approve: bool, tags: list[str], now: datetime
) -> IssuedToken:
    """Make a token for `uses` machines that ends after `lifetime`."""
    made = new_key(ENROLMENT_TOKEN)
    row = EnrollmentToken.objects.create(
        tenant=tenant,
        key_id=made.key_id,
        digest=made.digest,
        uses_left=uses,
        expires_at=now + lifetime,
        default_tags=tags,
        auto_approve=auto_approve,
        created_by=current().user_id or None,
        created_at=now,
    )
    record(
        action="ENROLLMENT_TOKEN_ISSUED", category=Category.NODE, resource_type="enrollment_token", resource_id=row.pk,
        resource_name=row.key_id, tenant_id=tenant.pk,
        details={"uses": uses, "auto_approve": auto_approve, "expires_at": row.expires_at.isoformat()},
    )  # fmt: skip
    return IssuedToken(made.text, row)


@transaction.atomic
def revoke_enrollment_token(*, token: EnrollmentToken, now: datetime) -> None:
    """End a token before its time."""
    EnrollmentToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def enroll_node(*, token: str, machine: MachineFacts, now: datetime) -> Enrolment:
    """Register a machine, or the same machine again, and give it a key.

    Raises Unauthenticated for a token that is wrong, used up or over; Conflict for a host name that another
    machine holds or that is retired, and for a tenant that is full. A refused enrolment uses nothing up.
    """
    parsed = parse(token, ENROLMENT_TOKEN)
    found = lookups.enrollment_token(parsed.key_id) if parsed else None
    if found is None or parsed is None or not digests_match(bytes(found.digest), parsed.digest):
        raise _refused()
    with acting(as_agent(machine.hostname, found.tenant_id)):
        return _let_in(_usable_token(found, now), machine, now)


def _let_in(row: EnrollmentToken, machine: MachineFacts, now: datetime) -> Enrolment:
    """Do it, with a good token whose row is locked."""
    node, previous = _node_for(row, machine)
    node.silent_after = rules.silence_begins(now, node.heartbeat_interval_seconds, node.silence_grace_seconds)
    node.last_heartbeat = now
    if previous in ("", NodeStatus.PENDING):
        node.status = NodeStatus.ACTIVE if row.auto_approve else NodeStatus.PENDING
    node.save()
    _write_resources(node)
    EnrollmentToken.objects.filter(pk=row.pk).update(uses_left=F("uses_left") - 1)
    event = LifecycleEvent.REENROLLED if previous else LifecycleEvent.ENROLLED
    extra = {"token": row.key_id, "agent_version": machine.agent_version}
    log_lifecycle(node, event, previous, now, triggered_by=TriggeredBy.SYSTEM, extra=extra)
    key = rotate_key(node=node, old_key=None, now=now, overlap=timedelta(0))
    record(
        action=f"NODE_{event}", category=Category.NODE, resource_type="node", resource_id=node.pk,
        resource_name=node.hostname, tenant_id=node.tenant_id, details=extra,
    )  # fmt: skip
    live.publish("nodes", f"node:{node.pk}", f"token:{row.pk}")
    return Enrolment(node, key.text)


def _usable_token(found: EnrollmentToken, now: datetime) -> EnrollmentToken:
    """Return the locked row of a token that still counts; one and the same refusal for every other."""
    tokens = EnrollmentToken.objects.select_related("tenant").select_for_update(of=("self",))
    row = tokens.filter(pk=found.pk).first()
    if row is None or row.revoked_at or row.uses_left < 1 or row.expires_at <= now or not row.tenant.is_active:
        raise _refused()
    return row


def _refused() -> Unauthenticated:
    """Return the one answer to every token that does not count."""
    return Unauthenticated("invalid_token", "This enrolment token is wrong, used up, or over.")


def _node_for(token: EnrollmentToken, machine: MachineFacts) -> tuple[Node, str]:
    """Return the node with the machine's facts put in, and its status before ('' for a new one).

    The tenant's row is locked first, so that one machine with two tokens becomes one node, and rooms are counted once.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=token.tenant_id)
    node = Node.objects.select_for_update().filter(tenant=tenant, hostname=machine.hostname).first()
    previous = node.status if node else ""
    if node is None:
        _check_room(tenant)
        node = Node(tenant=tenant, name=machine.hostname)
    elif node.machine_id and node.machine_id != machine.machine_id:
        raise Conflict("hostname_taken", f"Another machine is enrolled as {machine.hostname}.", field="hostname")
    elif node.status == NodeStatus.RETIRED:
        raise Conflict("node_retired", f"{machine.hostname} is retired; it cannot come back by enrolling.")
    facts = asdict(machine)
    node.tags = sorted({*node.tags, *facts.pop("tags"), *token.default_tags})
    node.labels = {**node.labels, **facts.pop("labels")}
    for name, value in facts.items():
        setattr(node, name, value)
    return node, previous


def _check_room(tenant: Tenant) -> None:
    """Raise Conflict when the tenant, whose row is locked, has all the nodes it may have."""
    limit = tenant.node_limit
    if limit is not None and Node.objects.filter(tenant=tenant).exclude(status=NodeStatus.RETIRED).count() >= limit:
        raise Conflict("node_limit", f"{tenant.name} has all the {limit} nodes it may have.")


def _write_resources(node: Node) -> None:
    """Keep the node's resources at what the machine has, but never below what is given away of them."""
    has = {
        ResourceType.CPU: (node.total_cpu_cores, "cores"),
        ResourceType.MEMORY: (node.total_memory_gb, "GB"),
        ResourceType.STORAGE: (node.total_storage_gb, "GB"),
        ResourceType.GPU: (node.gpu_count, "GPUs"),
    }
    given = dict(node.resources.select_for_update().values_list("resource_type", "allocated_capacity"))
    capacities = {kind: max(amount or 0, given.get(kind, 0)) for kind, (amount, _) in has.items()}
    rows = [
        NodeResource(node=node, resource_type=kind, capacity=c, unit=has[kind][1])
        for kind, c in capacities.items()
        if c
    ]
    node.resources.filter(resource_type__in=[kind for kind, capacity in capacities.items() if not capacity]).delete()
    NodeResource.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["node", "resource_type"], update_fields=["capacity", "unit"]
    )
