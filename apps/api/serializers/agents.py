"""What agents say to this door, and what it answers."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Labels, Number, Shape, Tags, Text, Whole
from apps.nodes.models import NodeType

MOST_GB = 1e9


class EnrolIn(Shape):
    """What a machine says of itself; sizes in GB of 10^9 bytes."""

    hostname = serializers.RegexField(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$", max_length=255)
    machine_id = Text(max_length=128)
    agent_version = Text(max_length=50, required=False, allow_blank=True, default="")
    os_name = Text(max_length=255, required=False, allow_blank=True, default="")
    node_type = serializers.ChoiceField(choices=NodeType.choices, required=False, default=NodeType.COMPUTE.value)
    cpu_model = Text(max_length=255, required=False, allow_blank=True, default="")
    total_cpu_cores = Whole(required=False, allow_null=True, default=None, min_value=1, max_value=1_000_000)
    total_memory_gb = Number(required=False, allow_null=True, default=None, min_value=0, max_value=MOST_GB)
    total_storage_gb = Number(required=False, allow_null=True, default=None, min_value=0, max_value=MOST_GB)
    gpu_model = Text(max_length=255, required=False, allow_blank=True, default="")
    gpu_count = Whole(required=False, default=0, min_value=0, max_value=10_000)
    ip_address = serializers.IPAddressField(required=False, allow_null=True, default=None)
    labels = Labels(required=False, default=dict)
    tags = Tags(required=False, default=list)


class AgentConfigOut(serializers.Serializer[Any]):
    """How the agent is to behave."""

    heartbeat_interval_seconds = serializers.IntegerField()
    silence_grace_seconds = serializers.IntegerField()


class EnrolOut(serializers.Serializer[Any]):
    """The node and its key, which is shown this once."""

    node_id = serializers.UUIDField()
    key = serializers.CharField()
    status = serializers.CharField()
    config = AgentConfigOut()
    ingest_url = serializers.URLField()
    server_time = serializers.DateTimeField()


class AgentKeyOut(serializers.Serializer[Any]):
    """A new key for the agent that asked; the old one lives on until `old_key_expires_at`."""

    key_id = serializers.CharField()
    key = serializers.CharField()
    old_key_expires_at = serializers.DateTimeField(allow_null=True)
    server_time = serializers.DateTimeField()


class CommandResultIn(Shape):
    """How a command ended."""

    status = serializers.ChoiceField(choices=["done", "failed"])
    detail = Text(max_length=2000, required=False, allow_blank=True, default="")


class ServerTimeOut(serializers.Serializer[Any]):
    """Taken; the server's clock is the truth."""

    server_time = serializers.DateTimeField()


class ErrorItemOut(serializers.Serializer[Any]):
    """One fault of an input."""

    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)
    index = serializers.IntegerField(required=False)


class ErrorOut(ErrorItemOut):
    """What every error of this door looks like."""

    errors = ErrorItemOut(many=True, required=False)  # type: ignore[assignment]
