"""The inventory's tables, one module per subject."""

from apps.nodes.models.contact import IngestPulse, NodeCommand, NodeHeartbeat, NodeLifecycleLog
from apps.nodes.models.keys import EnrollmentToken, NodeApiKey
from apps.nodes.models.node import Node, NodeResource, NodeStatus, NodeType, ResourceType

__all__ = [
    "EnrollmentToken",
    "IngestPulse",
    "Node",
    "NodeApiKey",
    "NodeCommand",
    "NodeHeartbeat",
    "NodeLifecycleLog",
    "NodeResource",
    "NodeStatus",
    "NodeType",
    "ResourceType",
]
