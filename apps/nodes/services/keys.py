"""API keys of nodes: issued, rotated with an overlap, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import because
from apps.core.errors import Conflict
from apps.core.keys import new_key
from apps.nodes import rules
from apps.nodes.models import Node, NodeApiKey, NodeStatus

SCOPES = ["ingest", "config:read", "commands", "key:rotate"]


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key: the text is shown once and kept nowhere."""

    text: str
    row: NodeApiKey


@transaction.atomic
def issue_key(*, node: Node, label: str, now: datetime) -> IssuedKey:
    """Give a node another key; raises Conflict when it has two live ones or is retired."""
    node = Node.objects.select_for_update().get(pk=node.pk)
    if node.status == NodeStatus.RETIRED:
        raise Conflict("node_retired", f"{node.hostname} is retired and gets no more keys.")
    if live_keys(node, now).count() >= rules.LIVE_KEYS:
        raise Conflict("two_live_keys", f"{node.hostname} has two live keys; revoke one first.")
    made = new_key("omg")
    row = NodeApiKey.objects.create(
        key_id=made.key_id, node=node, digest=made.digest, scopes=SCOPES, label=label, created_at=now
    )
    _record("NODE_KEY_ISSUED", row)
    return IssuedKey(made.text, row)


@transaction.atomic
def rotate_key(
    *, node: Node, old_key: NodeApiKey | None, now: datetime, overlap: timedelta = rules.KEY_OVERLAP
) -> IssuedKey:
    """Give a node a new key; the old one lives on for the overlap, any older one ends now.

    Without `old_key` the newest live key counts as the old one. No overlap ends every old key at once.
    """
    node = Node.objects.select_for_update().get(pk=node.pk)
    live_now = live_keys(node, now).order_by("-created_at")
    old = old_key or live_now.first()
    survivors = [old.pk] if old and overlap else []
    live_now.exclude(pk__in=survivors).order_by().update(revoked_at=now)
    if survivors and old:
        ends = now + overlap
        NodeApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=ends), pk=old.pk).update(expires_at=ends)
    return issue_key(node=node, label=old.label if old else "", now=now)


@transaction.atomic
def revoke_key(*, key: NodeApiKey, reason: str, now: datetime) -> NodeApiKey:
    """End a key at once; raises Conflict when it ended before."""
    with because(reason):
        if not NodeApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            raise Conflict("already_revoked", "That key was revoked before.")
        key.refresh_from_db()
        _record("NODE_KEY_REVOKED", key)
    return key


def live_keys(node: Node, now: datetime) -> QuerySet[NodeApiKey]:
    """Return the keys that open the door right now."""
    return NodeApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), node=node, revoked_at=None)


def _record(action: str, key: NodeApiKey) -> None:
    """Record what happened to a key and tell its node's page."""
    record(
        action=action, category=Category.NODE, resource_type="node_api_key", resource_id=key.key_id,
        resource_name=key.node.hostname, details={"node_id": str(key.node_id)}, tenant_id=key.node.tenant_id,
    )  # fmt: skip
    live.publish(f"node:{key.node_id}")
