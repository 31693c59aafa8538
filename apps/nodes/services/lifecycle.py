"""Approve, drain, return and retire: changes of state that a person decides."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import because, current
from apps.core.errors import Conflict
from apps.nodes import rules
from apps.nodes.models import Node, NodeApiKey, NodeLifecycleLog, NodeStatus
from apps.nodes.models.contact import LifecycleEvent, TriggeredBy


@transaction.atomic
def approve_node(*, node: Node, now: datetime) -> Node:
    """Let a pending node in; raises Conflict when it is not pending."""
    node = _locked(node, rules.APPROVABLE, "approve")
    return _change(node, LifecycleEvent.APPROVED, now, status=rules.status_after_approval(node.silent_after, now))


@transaction.atomic
def drain_node(*, node: Node, reason: str, until: datetime | None, now: datetime) -> Node:
    """Ask that no new work goes to a node, until it is returned."""
    node = _locked(node, rules.DRAINABLE, "drain")
    if node.is_draining:
        raise Conflict("already_draining", f"{node.hostname} is draining already.")
    with because(reason):
        return _change(
            node, LifecycleEvent.DRAINED, now, reason, is_draining=True, drain_reason=reason, drain_until=until
        )


@transaction.atomic
def return_node(*, node: Node, now: datetime) -> Node:
    """End a drain."""
    node = _locked(node, rules.DRAINABLE | {NodeStatus.MAINTENANCE}, "return")
    if not node.is_draining:
        raise Conflict("not_draining", f"{node.hostname} is not draining.")
    return _change(node, LifecycleEvent.RETURNED, now, is_draining=False, drain_reason="", drain_until=None)


@transaction.atomic
def retire_node(*, node: Node, reason: str, now: datetime) -> Node:
    """Take a node out of service for good: its keys end, its history stays."""
    node = _locked(node, rules.RETIRABLE, "retire")
    with because(reason):
        NodeApiKey.objects.filter(node=node, revoked_at=None).update(revoked_at=now)
        undrained = {"is_draining": False, "drain_reason": "", "drain_until": None}
        return _change(node, LifecycleEvent.RETIRED, now, reason, status=NodeStatus.RETIRED, **undrained)


def _locked(node: Node, allowed: frozenset[str], verb: str) -> Node:
    """Return the node's row, locked; raises Conflict unless its status allows the verb."""
    fresh = Node.objects.select_for_update().get(pk=node.pk)
    if fresh.status not in allowed:
        raise Conflict("wrong_status", f"Cannot {verb} {fresh.hostname}: it is {fresh.status}.", field="status")
    return fresh


def _change(node: Node, event: LifecycleEvent, now: datetime, reason: str = "", **columns: Any) -> Node:
    """Write the change, its log row and its event, and announce it."""
    previous = node.status
    for name, value in columns.items():
        setattr(node, name, value)
    node.save(update_fields=[*columns, "updated_at"])
    log_lifecycle(node, event, previous, now, reason=reason, triggered_by=TriggeredBy.MANUAL)
    record(
        action=f"NODE_{event}", category=Category.NODE, resource_type="node", resource_id=node.pk,
        resource_name=node.hostname, tenant_id=node.tenant_id,
    )  # fmt: skip
    live.publish("nodes", f"node:{node.pk}")
    return node


def log_lifecycle(
    node: Node,
    event: LifecycleEvent,
    previous: str,
    now: datetime,
    *,
    reason: str = "",
    triggered_by: TriggeredBy,
    extra: dict[str, Any] | None = None,
) -> None:
    """Add one row to a node's history."""
    NodeLifecycleLog.objects.create(
        node=node,
        event_type=event,
        previous_status=previous,
        new_status=node.status,
        reason=reason,
        triggered_by=triggered_by,
        actor_id=current().user_id or None,
        extra_data=extra or {},
        timestamp=now,
    )
