"""Changes to what people say of a node; what the machine says of itself comes from its agent."""

from typing import Any, Final

from django.db import transaction

from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.errors import Conflict, Invalid
from apps.nodes.models import Node, NodeStatus

EDITABLE: Final = (
    "name", "description", "node_type", "region", "location", "labels", "tags", "heartbeat_interval_seconds",
    "silence_grace_seconds",
)  # fmt: skip


@transaction.atomic
def edit_node(*, node: Node, changes: dict[str, Any]) -> Node:
    """Write the editable columns given; raises Invalid for any other, Conflict for a retired node."""
    for name in changes:
        if name not in EDITABLE:
            raise Invalid("read_only_field", f"“{name}” cannot be changed here.", field=name)
    node = Node.objects.select_for_update().get(pk=node.pk)
    if node.status == NodeStatus.RETIRED:
        raise Conflict("node_retired", f"{node.hostname} is retired and stays as it is.")
    changed = [name for name, value in changes.items() if getattr(node, name) != value]
    if not changed:
        return node
    for name in changed:
        setattr(node, name, changes[name])
    node.save(update_fields=[*changed, "updated_at"])
    record(
        action="NODE_EDITED", category=Category.NODE, resource_type="node", resource_id=node.pk,
        resource_name=node.hostname, tenant_id=node.tenant_id, details={"fields": sorted(changed)},
    )  # fmt: skip
    live.publish("nodes", f"node:{node.pk}")
    return node
