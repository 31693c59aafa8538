"""What passes between portal and machine: heartbeats, commands, changes of state, and the pulse of the ingest door."""

from django.db import models
from django.db.models import CompositePrimaryKey, Q, Value
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField

from apps.core.models import one_of, uuid_key
from apps.nodes.models.node import Node


class NodeHeartbeat(models.Model):
    """One heartbeat as it came. Rows go with their partition, so no constraint ties them to `nodes`."""

    pk = CompositePrimaryKey("node", "timestamp")
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    timestamp = TimescaleDateTimeField(interval="1 day")
    config_hash = models.CharField(max_length=64, blank=True, db_default="")
    status = models.CharField(max_length=50)
    error_message = models.TextField(blank=True, db_default="")
    metrics_data = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    class Meta:
        """Table `node_heartbeats`, partitioned by day."""

        db_table = "node_heartbeats"

    def __str__(self) -> str:
        """Show time and status."""
        return f"{self.timestamp:%F %T} {self.status}"


class LifecycleEvent(models.TextChoices):
    """What can happen to a node."""

    ENROLLED = "ENROLLED"
    REENROLLED = "REENROLLED"
    APPROVED = "APPROVED"
    CAME_ONLINE = "CAME_ONLINE"
    WENT_OFFLINE = "WENT_OFFLINE"
    REPORTED_ERROR = "REPORTED_ERROR"
    RECOVERED = "RECOVERED"
    DRAINED = "DRAINED"
    RETURNED = "RETURNED"
    RETIRED = "RETIRED"


class TriggeredBy(models.TextChoices):
    """Who or what caused a change of state."""

    HEARTBEAT = "heartbeat"
    MANUAL = "manual"
    SYSTEM = "system"


class NodeLifecycleLog(models.Model):
    """One change in a node's life: the row is the message, and the history people read.

    Selectors add `actor_email`, as it is now; it is empty for whoever acts no more or was nobody.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="lifecycle")
    event_type = models.CharField(max_length=50, choices=LifecycleEvent)
    previous_status = models.CharField(max_length=50, blank=True, db_default="")
    new_status = models.CharField(max_length=50)
    reason = models.TextField(blank=True, db_default="")
    triggered_by = models.CharField(max_length=100, choices=TriggeredBy)
    actor_id = models.UUIDField(null=True, blank=True)
    extra_data = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    timestamp = models.DateTimeField(db_default=Now())

    class Meta:
        """Table `node_lifecycle_logs`, newest first."""

        db_table = "node_lifecycle_logs"
        ordering = ("-timestamp", "-id")
        indexes = (
            models.Index(fields=["node", "-timestamp"], name="node_lifecycle_by_node"),
            models.Index(fields=["-timestamp"], name="node_lifecycle_newest"),
        )

    def __str__(self) -> str:
        """Show event and time."""
        return f"{self.event_type} {self.timestamp:%F %T}"


class CommandName(models.TextChoices):
    """What an agent can be told to do."""

    PING = "ping"
    ROTATE_KEY = "rotate_key"


class NodeCommand(models.Model):
    """Something a node is asked to do; handed out with the answer to its next heartbeat."""

    id = uuid_key("command_id")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="commands")
    command = models.CharField(max_length=50, choices=CommandName)
    arguments = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    requested_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        """Table `node_commands`; the partial index is the ingest door's list of what is due."""

        db_table = "node_commands"
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["node", "created_at"], condition=Q(finished_at=None), name="node_commands_due"),
        )
        constraints = (one_of("command", CommandName, "node_commands_command_known"),)

    def __str__(self) -> str:
        """Show the command."""
        return self.command


class IngestPulse(models.Model):
    """Each ingest process says here every second that it can take heartbeats, and since when without a break.

    Silence of a node means something only while somebody is listening.
    """

    process_id = models.CharField(max_length=100, primary_key=True)
    pulse_at = models.DateTimeField()
    unbroken_since = models.DateTimeField()

    class Meta:
        """Table `ingest_pulses`."""

        db_table = "ingest_pulses"

    def __str__(self) -> str:
        """Show process and pulse."""
        return f"{self.process_id} at {self.pulse_at:%F %T}"
