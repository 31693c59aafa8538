"""Nodes and what they have."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value

from apps.accounts.models import Tenant
from apps.core.models import Timestamps, one_of, uuid_key


class NodeType(models.TextChoices):
    """What a node is for."""

    CONTROL = "control"
    COMPUTE = "compute"
    STORAGE = "storage"
    GPU = "gpu"
    LAB = "lab"
    AUTOSCALER = "autoscaler"


class NodeStatus(models.TextChoices):
    """Where a node stands in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"
    MAINTENANCE = "maintenance"
    ERROR = "error"
    OFFLINE = "offline"
    RETIRED = "retired"


class ResourceType(models.TextChoices):
    """What a node can give away."""

    CPU = "cpu"
    MEMORY = "memory"
    GPU = "gpu"
    STORAGE = "storage"
    NETWORK = "network"


class Node(Timestamps):
    """A machine of a tenant. Contact columns change with every heartbeat and carry no index."""

    id = uuid_key("node_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="nodes")
    hostname = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True, db_default="")
    node_type = models.CharField(max_length=20, choices=NodeType, default=NodeType.COMPUTE, db_default=NodeType.COMPUTE)
    status = models.CharField(
        max_length=20, choices=NodeStatus, default=NodeStatus.PENDING, db_default=NodeStatus.PENDING
    )
    region = models.CharField(max_length=100, blank=True, db_default="")
    location = models.CharField(max_length=255, blank=True, db_default="")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    description = models.TextField(blank=True, db_default="")
    labels = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    tags = ArrayField(models.CharField(max_length=63), default=list, blank=True, db_default=[])
    cpu_model = models.CharField(max_length=255, blank=True, db_default="")
    total_cpu_cores = models.PositiveIntegerField(null=True, blank=True)
    total_memory_gb = models.FloatField(null=True, blank=True, db_comment="GB, 10^9 bytes")
    total_storage_gb = models.FloatField(null=True, blank=True, db_comment="GB, 10^9 bytes")
    gpu_model = models.CharField(max_length=255, blank=True, db_default="")
    gpu_count = models.PositiveIntegerField(default=0, db_default=0)
    os_name = models.CharField(max_length=255, blank=True, db_default="")
    machine_id = models.CharField(max_length=128, blank=True, db_default="")
    agent_version = models.CharField(max_length=50, blank=True, db_default="")
    is_draining = models.BooleanField(default=False, db_default=False)
    drain_reason = models.TextField(blank=True, db_default="")
    drain_until = models.DateTimeField(null=True, blank=True)
    heartbeat_interval_seconds = models.PositiveIntegerField(default=10, db_default=10)
    silence_grace_seconds = models.PositiveIntegerField(default=30, db_default=30)
    last_heartbeat = models.DateTimeField(null=True, blank=True)
    silent_after = models.DateTimeField(null=True, blank=True)
    reported_status = models.CharField(max_length=50, blank=True, db_default="")
    reported_error = models.TextField(blank=True, db_default="")
    reported_config_hash = models.CharField(max_length=64, blank=True, db_default="")
    clock_skew_seconds = models.FloatField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        """Table `nodes`, with room in its pages so that contact updates stay in place."""

        db_table = "nodes"
        ordering = ("hostname",)
        constraints = (
            models.UniqueConstraint(fields=["tenant", "hostname"], name="nodes_hostname_once"),
            one_of("status", NodeStatus, "nodes_status_known"),
            one_of("node_type", NodeType, "nodes_node_type_known"),
            models.CheckConstraint(
                condition=Q(heartbeat_interval_seconds__range=(5, 300)), name="nodes_heartbeat_interval_range"
            ),
            models.CheckConstraint(condition=Q(silence_grace_seconds__gte=5), name="nodes_silence_grace_least"),
        )
        indexes = (
            models.Index(fields=["hostname", "id"], name="nodes_by_hostname"),
            GinIndex(fields=["labels"], name="nodes_labels", opclasses=["jsonb_path_ops"]),
            GinIndex(fields=["tags"], name="nodes_tags"),
        )

    def __str__(self) -> str:
        """Show the host name."""
        return self.hostname


class NodeResource(models.Model):
    """How much of one resource a node has, and how much of it is given away."""

    id = uuid_key("resource_id")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="resources")
    resource_type = models.CharField(max_length=20, choices=ResourceType)
    capacity = models.FloatField()
    allocated_capacity = models.FloatField(default=0, db_default=0)
    available_capacity = models.GeneratedField(
        expression=F("capacity") - F("allocated_capacity"), output_field=models.FloatField(), db_persist=True
    )
    unit = models.CharField(max_length=20)

    class Meta:
        """Table `node_resources`; no more can be given away than there is."""

        db_table = "node_resources"
        ordering = ("resource_type",)
        constraints = (
            models.UniqueConstraint(fields=["node", "resource_type"], name="node_resources_once"),
            one_of("resource_type", ResourceType, "node_resources_type_known"),
            models.CheckConstraint(
                condition=Q(allocated_capacity__gte=0) & Q(allocated_capacity__lte=F("capacity")),
                name="node_resources_not_overallocated",
            ),
        )

    def __str__(self) -> str:
        """Show type and capacity."""
        return f"{self.resource_type} {self.capacity:g} {self.unit}"
