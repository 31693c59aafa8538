"""Reads of the inventory."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.timezone import now as clock_now

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.text import are_storable
from apps.nodes.models import (
    EnrollmentToken,
    IngestPulse,
    Node,
    NodeApiKey,
    NodeLifecycleLog,
    NodeResource,
    NodeStatus,
)

PULSE_FRESH = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class NodeFilters:
    """Which nodes to show; empty values do not narrow. Retired nodes are shown only when asked for."""

    status: str = ""
    node_type: str = ""
    text: str = ""
    tag: str = ""
    label: str = ""
    region: str = ""
    draining: bool | None = None


def matching_nodes(filters: NodeFilters) -> QuerySet[Node]:
    """Return the nodes that match, in no order."""
    if not are_storable(astuple(filters)):
        return Node.objects.none()
    exact = {"status": filters.status, "node_type": filters.node_type, "region": filters.region}
    nodes = Node.objects.filter(**{name: value for name, value in exact.items() if value})
    if not filters.status:
        nodes = nodes.exclude(status=NodeStatus.RETIRED)
    if filters.text:
        found = Q(hostname__icontains=filters.text) | Q(name__icontains=filters.text)
        nodes = nodes.filter(found | Q(description__icontains=filters.text) | Q(ip_address__icontains=filters.text))
    if filters.tag:
        nodes = nodes.filter(tags__contains=[filters.tag])
    if filters.label:
        name, _, value = filters.label.partition("=")
        nodes = nodes.filter(labels__contains={name: value}) if value else nodes.filter(labels__has_key=name)
    if filters.draining is not None:
        nodes = nodes.filter(is_draining=filters.draining)
    return nodes


def status_counts() -> dict[str, int]:
    """Return how many nodes there are in each status, every status named."""
    found = dict(Node.objects.order_by().values_list("status").annotate(Count("pk")))
    return {status.value: found.get(status.value, 0) for status in NodeStatus}


def regions() -> list[str]:
    """Return the regions in use."""
    return list(Node.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct())


def node_by_id(node_id: UUID | str) -> Node:
    """Return a node with its tenant; raises NotFound, the same for absent and invisible."""
    try:
        node = Node.objects.select_related("tenant").filter(pk=node_id).first()
    except ValidationError:
        node = None
    if node is None:
        raise NotFound("node_not_found", "There is no such node.")
    return node


def visible_nodes(node_ids: Collection[UUID]) -> set[UUID]:
    """Return those of some nodes that exist for the person in force, in one statement."""
    return set(Node.objects.filter(pk__in=node_ids).values_list("pk", flat=True))


def resources_of(node: Node) -> list[NodeResource]:
    """Return what a node has, and how much of it is given away."""
    return list(node.resources.all())


def lifecycle(node: Node, limit: int = 50) -> list[NodeLifecycleLog]:
    """Return the newest changes in a node's life, newest first."""
    return list(_with_actors(node.lifecycle.all())[:limit])


def lifecycle_between(node: Node, start: datetime, end: datetime) -> list[NodeLifecycleLog]:
    """Return the changes within a span, oldest first: the markers of a chart."""
    within = node.lifecycle.filter(timestamp__gte=start, timestamp__lt=end)
    return list(_with_actors(within).order_by("timestamp")[:500])


def recent_lifecycle(limit: int = 20) -> list[NodeLifecycleLog]:
    """Return the newest changes of the whole fleet, with their nodes."""
    return list(_with_actors(NodeLifecycleLog.objects.select_related("node"))[:limit])


def _with_actors(rows: "QuerySet[NodeLifecycleLog]") -> "QuerySet[NodeLifecycleLog]":
    """Add `actor_email`: that of the person who acted, empty where there is none to see."""
    emails = User.objects.filter(pk=OuterRef("actor_id")).values("email")
    return rows.annotate(actor_email=Coalesce(Subquery(emails[:1]), Value("")))


def keys_of(node: Node) -> list[NodeApiKey]:
    """Return a node's keys, newest first."""
    return list(node.api_keys.all())


def live_tokens(now: datetime) -> list[EnrollmentToken]:
    """Return the enrolment tokens that still let machines in."""
    return list(EnrollmentToken.objects.filter(revoked_at=None, uses_left__gt=0, expires_at__gt=now))


def nodes_enrolled_with(token: EnrollmentToken, limit: int = 20) -> list[Node]:
    """Return the newest nodes a token let in, newest first."""
    nodes = Node.objects.filter(lifecycle__extra_data__token=token.key_id, lifecycle__timestamp__gte=token.created_at)
    return list(nodes.distinct().order_by("-created_at")[:limit])


def needing_attention(limit: int = 20) -> list[Node]:
    """Return nodes that wait for a person: pending, in error or offline, in that order."""
    order = (NodeStatus.PENDING, NodeStatus.ERROR, NodeStatus.OFFLINE)
    urgency = Case(*[When(status=status, then=place) for place, status in enumerate(order)], default=len(order))
    return list(Node.objects.filter(status__in=order).order_by(urgency, "-silent_after", "hostname")[:limit])


def capacity() -> dict[str, tuple[float, float]]:
    """Return (whole, given away) of each resource over the nodes in service."""
    rows = NodeResource.objects.filter(node__status=NodeStatus.ACTIVE).order_by().values_list("resource_type")
    sums = rows.annotate(Sum("capacity"), Sum("allocated_capacity"))
    return {kind: (whole, given) for kind, whole, given in sums}


def is_ingest_alive(now: datetime | None = None) -> bool:
    """Tell whether any ingest process said within the last five seconds that it can take heartbeats."""
    newest = IngestPulse.objects.aggregate(at=Max("pulse_at"))["at"]
    return newest is not None and (now or clock_now()) - newest < PULSE_FRESH
