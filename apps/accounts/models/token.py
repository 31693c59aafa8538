"""What lets a person's own programs in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models.person import User


class TokenScope(models.TextChoices):
    """What a token may be used for, within what its person may do."""

    READ = "read", "Read"
    WRITE = "write", "Read and change"


class ApiToken(models.Model):
    """A personal access token for REST. Only the SHA-256 digest of its 256 random bits is kept."""

    key_id = models.CharField(max_length=16, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=TokenScope), default=list, db_default=[])
    allowed_ips = ArrayField(models.CharField(max_length=49), default=list, blank=True, db_default=[])
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `api_tokens`."""

        db_table = "api_tokens"
        ordering = ("-created_at",)
        indexes = (models.Index(fields=["user"], condition=Q(revoked_at=None), name="api_tokens_live"),)

    def __str__(self) -> str:
        """Show the public half only."""
        return f"omp_{self.key_id}_…"
