"""Rows of a generated fleet other than time series: nodes, what they have, their keys, their life's log."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.core.management import CommandError

from apps.accounts.models import Tenant
from apps.core.keys import AGENT_KEY, new_key
from apps.nodes.models import Node, NodeApiKey, NodeLifecycleLog, NodeResource, NodeStatus, ResourceType
from apps.nodes.models.contact import LifecycleEvent, TriggeredBy
from apps.nodes.services.keys import SCOPES
from apps.reports.testdata.fleet import MARK, Fate, PlannedNode
from apps.reports.testdata.outages import Outage

HELD_ONLINE = timedelta(days=1)
SILENCE = timedelta(seconds=30)
STATUS = {
    Fate.WELL: NodeStatus.ACTIVE,
    Fate.DRAINING: NodeStatus.ACTIVE,
    Fate.MAINTENANCE: NodeStatus.MAINTENANCE,
    Fate.OFFLINE: NodeStatus.OFFLINE,
    Fate.PENDING: NodeStatus.PENDING,
    Fate.RETIRED: NodeStatus.RETIRED,
}
ENDED = (Fate.OFFLINE, Fate.PENDING, Fate.RETIRED)
DRAIN_REASON = "Memory errors on bank 2; replacement ordered"


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the fleet with its row; `is_new` tells whether this run made it."""

    plan: PlannedNode
    node: Node
    is_new: bool

    @property
    def wants_history(self) -> bool:
        """Whether samples are to be made: not for machines whose story had ended before this run."""
        return self.plan.has_history and (self.is_new or self.plan.fate not in ENDED)


def has_real_nodes() -> bool:
    """Tell whether the database holds any node that no generator made."""
    return Node.objects.exclude(labels__contains={MARK: "true"}).exists()


def write_fleet(plans: list[PlannedNode], tenant: Tenant, start: datetime) -> list[Member]:
    """Make the nodes that are missing, return the whole fleet; nodes of an earlier run stay what they are."""
    there = {
        node.hostname: node for node in Node.objects.filter(tenant=tenant, hostname__in=[p.hostname for p in plans])
    }
    for node in there.values():
        if node.labels.get(MARK) != "true":
            raise CommandError(f"A real node is called {node.hostname}; nothing was generated.")
    fresh = [_node_row(plan, tenant, start) for plan in plans if plan.hostname not in there]
    Node.objects.bulk_create(fresh)
    NodeResource.objects.bulk_create([row for node in fresh for row in _resource_rows(node)])
    made = {node.hostname: node for node in fresh}
    _write_keys([made[plan.hostname] for plan in plans if plan.hostname in made and plan.has_history], start)
    found = []
    for plan in plans:
        node = made.get(plan.hostname) or there[plan.hostname]
        found.append(Member(_as_built(plan, node), node, plan.hostname in made))
    return found


def _as_built(plan: PlannedNode, node: Node) -> PlannedNode:
    """Return the plan with what the node's row says of its hardware, which may come from another seed."""
    return replace(
        plan,
        node_id=node.pk,
        cores=node.total_cpu_cores or plan.cores,
        memory_gb=int(node.total_memory_gb or plan.memory_gb),
        gpu_count=node.gpu_count,
    )


def _node_row(plan: PlannedNode, tenant: Tenant, start: datetime) -> Node:
    """Return the row of a machine that was enrolled at the start of its past."""
    is_draining = plan.fate is Fate.DRAINING
    return Node(
        id=plan.node_id,
        tenant=tenant,
        hostname=plan.hostname,
        name=f"{plan.archetype.name.title()} {plan.hostname[-3:]}",
        node_type=plan.archetype.node_type,
        status=STATUS[plan.fate],
        region=plan.region.name,
        location=plan.room,
        ip_address=plan.ip_address,
        description=f"Generated: behaves like a {plan.archetype.name}.",
        labels=plan.labels,
        tags=sorted({*plan.archetype.tags, "generated"}),
        cpu_model=plan.cpu_model,
        total_cpu_cores=plan.cores,
        total_memory_gb=plan.memory_gb,
        total_storage_gb=plan.storage_gb,
        gpu_model=plan.gpu_model,
        gpu_count=plan.gpu_count,
        os_name=plan.os_name,
        machine_id=f"{plan.seed:016x}",
        agent_version="0.1.0",
        is_draining=is_draining,
        drain_reason=DRAIN_REASON if is_draining else "",
        created_at=start,
    )


def _resource_rows(node: Node) -> list[NodeResource]:
    """Return what a node has, part of it given away."""
    rng = np.random.default_rng([int(node.machine_id, 16), 4])
    given = rng.choice([0.0, 0.25, 0.5, 0.75]) if node.node_type in ("compute", "gpu") else 0.0
    wanted = [
        (ResourceType.CPU, node.total_cpu_cores, "cores"),
        (ResourceType.MEMORY, node.total_memory_gb, "GB"),
        (ResourceType.STORAGE, node.total_storage_gb, "GB"),
        (ResourceType.GPU, node.gpu_count, "GPUs"),
    ]
    return [
        NodeResource(node=node, resource_type=kind, capacity=have, allocated_capacity=int(have * given), unit=unit)
        for kind, have, unit in wanted
        if have
    ]


def _write_keys(nodes: list[Node], start: datetime) -> None:
    """Give each node a key whose text nobody ever had."""
    rows = []
    for node in nodes:
        made = new_key(AGENT_KEY)
        ended = start if node.status == NodeStatus.RETIRED else None
        rows.append(
            NodeApiKey(
                key_id=made.key_id, node=node, digest=made.digest, scopes=SCOPES, label="generated", created_at=start,
                revoked_at=ended,
            )
        )  # fmt: skip
    NodeApiKey.objects.bulk_create(rows)


def settle(member: Member, last_sample: datetime, now: datetime) -> None:
    """Put the end of the generated past into the node's row, without saving it."""
    node, fate = member.node, member.plan.fate
    node.status = STATUS[fate]
    node.last_heartbeat = last_sample
    node.silent_after = last_sample + SILENCE if fate in ENDED else now + HELD_ONLINE
    node.reported_status = "ok"
    node.clock_skew_seconds = 0.0


def lifecycle_rows(member: Member, outages: list[Outage], since: datetime, now: datetime) -> list[NodeLifecycleLog]:
    """Return the log of a machine's life after `since`."""
    node, rows = member.node, []
    if member.is_new:
        rows += [_log(node, LifecycleEvent.ENROLLED, "", "pending", since, TriggeredBy.SYSTEM)]
        if member.plan.has_history:
            at = since + timedelta(minutes=4)
            rows += [_log(node, LifecycleEvent.APPROVED, "pending", "active", at, TriggeredBy.MANUAL)]
    for outage in outages:
        if outage.start <= since or outage.cause == "retired":
            continue
        down = outage.start + SILENCE
        rows.append(
            _log(node, LifecycleEvent.WENT_OFFLINE, "active", "offline", down, TriggeredBy.SYSTEM, outage.cause)
        )
        if outage.end:
            rows.append(_log(node, LifecycleEvent.CAME_ONLINE, "offline", "active", outage.end, TriggeredBy.HEARTBEAT))
    return rows + (_last_words(member, now) if member.is_new else [])


def _last_words(member: Member, now: datetime) -> list[NodeLifecycleLog]:
    """Return what a person decided about the machine in the end."""
    if member.plan.fate is Fate.DRAINING:
        at = now - timedelta(hours=6)
        return [_log(member.node, LifecycleEvent.DRAINED, "active", "active", at, TriggeredBy.MANUAL, DRAIN_REASON)]
    if member.plan.fate is Fate.RETIRED:
        at, why = now - timedelta(days=4), "Out of warranty"
        return [_log(member.node, LifecycleEvent.RETIRED, "active", "retired", at, TriggeredBy.MANUAL, why)]
    return []


def _log(
    node: Node,
    event: LifecycleEvent,
    before: str,
    after: str,
    at: datetime,
    by: TriggeredBy,
    reason: str = "",
) -> NodeLifecycleLog:
    """Return one row of a node's log."""
    return NodeLifecycleLog(
        node=node, event_type=event, previous_status=before, new_status=after, timestamp=at, triggered_by=by,
        reason=reason, extra_data={MARK: True},
    )  # fmt: skip
