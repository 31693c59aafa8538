"""What lets a machine in: enrolment tokens once, then API keys. Only digests are kept."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import Tenant
from apps.core.models import uuid_key
from apps.nodes.models.node import Node


class NodeApiKey(models.Model):
    """A key of one node. `digest` is SHA-256 over a secret of 256 random bits, so it needs no slow hash."""

    key_id = models.CharField(max_length=16, primary_key=True)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="api_keys")
    digest = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), default=list, db_default=[])
    label = models.CharField(max_length=100, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    allowed_ips = ArrayField(models.CharField(max_length=49), default=list, blank=True, db_default=[])

    class Meta:
        """Table `node_api_keys`; at most two live per node is held by a trigger."""

        db_table = "node_api_keys"
        ordering = ("-created_at",)
        indexes = (models.Index(fields=["node"], condition=Q(revoked_at=None), name="node_api_keys_live"),)

    def __str__(self) -> str:
        """Show the public half only."""
        return f"omg_{self.key_id}_…"


class EnrollmentToken(models.Model):
    """Lets a limited number of machines enrol until it expires."""

    id = uuid_key("token_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="enrollment_tokens")
    key_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32, editable=False)
    uses_left = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    default_tags = ArrayField(models.CharField(max_length=63), default=list, blank=True, db_default=[])
    auto_approve = models.BooleanField(default=False, db_default=False)
    created_by = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `enrollment_tokens`."""

        db_table = "enrollment_tokens"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        """Show the public half only."""
        return f"ome_{self.key_id}_…"
