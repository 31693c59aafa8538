"""What became of the commands a node was given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core import live
from apps.core.errors import NotFound
from apps.nodes.models import Node, NodeCommand


@transaction.atomic
def finish_command(*, node: Node, command_id: UUID, result: dict[str, Any], now: datetime) -> NodeCommand:
    """Keep the first result of a command of this node; a result that comes again changes nothing.

    Raises NotFound, the same for an absent command and another node's.
    """
    command = NodeCommand.objects.select_for_update().filter(pk=command_id, node=node).first()
    if command is None:
        raise NotFound("command_not_found", "There is no such command for this node.")
    if command.finished_at is None:
        command.finished_at, command.result = now, result
        command.delivered_at = command.delivered_at or now
        command.save(update_fields=["finished_at", "result", "delivered_at"])
        live.publish(f"node:{node.pk}")
    return command
