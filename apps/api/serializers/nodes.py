"""Nodes: what is shown, what may be written, what may be asked."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Instant, Labels, Query, Shape, Tags, Text, Whole
from apps.metrics.models import NodeLatest
from apps.metrics.models.usage import Vitals
from apps.metrics.paging import SORTS
from apps.nodes.models import Node, NodeLifecycleLog, NodeStatus, NodeType
from apps.nodes.rules import is_stale

VITALS = [field.name for field in Vitals._meta.local_fields]
MOST_ROWS = 200
ORDERS = [order for name in SORTS for order in (name, f"-{name}")]


class LatestOut(serializers.ModelSerializer[NodeLatest]):
    """A node's newest vitals; null where the machine does not tell."""

    cpu_per_core = serializers.ListField(child=serializers.FloatField(), allow_null=True)

    class Meta:
        """All vitals."""

        model = NodeLatest
        fields = ("at", "received_at", *VITALS)
        read_only_fields = fields


class NodeOut(serializers.ModelSerializer[Node]):
    """A node with its newest vitals; `is_stale` tells that they are too old to be called its present."""

    tenant_id = serializers.UUIDField(read_only=True)
    labels = serializers.DictField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    is_stale = serializers.SerializerMethodField()
    latest = LatestOut(allow_null=True, read_only=True)

    class Meta:
        """What people see of a node."""

        model = Node
        fields = (
            "id", "tenant_id", "hostname", "name", "node_type", "status", "is_stale", "is_draining", "drain_reason",
            "drain_until", "region", "location", "ip_address", "description", "labels", "tags", "cpu_model",
            "total_cpu_cores", "total_memory_gb", "total_storage_gb", "gpu_model", "gpu_count", "os_name",
            "agent_version", "heartbeat_interval_seconds", "silence_grace_seconds", "last_heartbeat", "silent_after",
            "reported_status", "reported_error", "clock_skew_seconds", "created_at", "updated_at", "latest",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_stale(self, node: Node) -> bool:
        """Compare with the clock read once for the request."""
        return is_stale(node.silent_after, self.context.get("now") or datetime.now(UTC))


class NodePageOut(serializers.Serializer[Any]):
    """One page; the cursors go into `after`."""

    results = NodeOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class NodeQuery(Query):
    """Filters, order and place of the node list."""

    status = serializers.ChoiceField(choices=NodeStatus.choices, required=False)
    node_type = serializers.ChoiceField(choices=NodeType.choices, required=False)
    text = serializers.CharField(required=False, max_length=200, help_text="in host name, name, description, address")
    tag = serializers.CharField(required=False, max_length=63)
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=320, help_text="`name` or `name=value`"
    )
    region = serializers.CharField(required=False, max_length=100)
    draining = serializers.ChoiceField(choices=["true", "false"], required=False)
    sort = serializers.ChoiceField(choices=ORDERS, default="hostname")
    after = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=50)


class NodeEdit(Shape):
    """What people may write of a node; `reason` goes to the audit log."""

    name = Text(required=False, allow_blank=True, max_length=255)
    description = Text(required=False, allow_blank=True, max_length=10_000)
    node_type = serializers.ChoiceField(choices=NodeType.choices, required=False)
    region = Text(required=False, allow_blank=True, max_length=100)
    location = Text(required=False, allow_blank=True, max_length=255)
    labels = Labels(required=False)
    tags = Tags(required=False)
    heartbeat_interval_seconds = Whole(required=False, min_value=5, max_value=300)
    silence_grace_seconds = Whole(required=False, min_value=5, max_value=86_400)
    reason = Text(required=False, allow_blank=True, max_length=500)

    def _fault(self, name: str) -> list[Any]:
        """Tell a field that exists but is not for writing from one that does not exist."""
        found = super()._fault(name)
        if found and name in NodeOut.Meta.fields:
            return [serializers.ErrorDetail("This field cannot be written.", code="read_only_field")]
        return found


class DrainIn(Shape):
    """Why no new work goes to a node, and until when about."""

    reason = Text(max_length=500)
    until = Instant(required=False, allow_null=True)


class RetireIn(Shape):
    """Why a node leaves for good."""

    reason = Text(max_length=500)


class Nothing(Shape):
    """An empty body, or none."""


class LifecycleOut(serializers.ModelSerializer[NodeLifecycleLog]):
    """One change in a node's life."""

    actor_email = serializers.CharField(read_only=True)

    class Meta:
        """What people see of it."""

        model = NodeLifecycleLog
        fields = (
            "id", "timestamp", "event_type", "previous_status", "new_status", "reason", "triggered_by", "actor_email",
        )  # fmt: skip
        read_only_fields = fields


class LimitQuery(Query):
    """How many rows."""

    limit = serializers.IntegerField(min_value=1, max_value=500, default=50)
