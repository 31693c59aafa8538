"""Which role follows from what the identity provider says."""

from django.db import models

from apps.accounts.permissions import Role
from apps.core.models import Timestamps, one_of, uuid_key


class RoleMapping(Timestamps):
    """One value of the roles claim and the role it gives. Of several, the mightiest counts; see `rules`."""

    id = uuid_key("mapping_id")
    claim_value = models.CharField(max_length=255, unique=True)
    role = models.CharField(max_length=20, choices=Role)
    comment = models.CharField(max_length=255, blank=True, db_default="")
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        """Table `role_mappings`."""

        db_table = "role_mappings"
        ordering = ("claim_value",)
        constraints = (one_of("role", Role, "role_mappings_role_known"),)

    def __str__(self) -> str:
        """Show both sides."""
        return f"{self.claim_value} → {self.role}"


class UnknownClaim(models.Model):
    """A value of the roles claim that no mapping knows: ignored, counted and shown."""

    claim_value = models.CharField(max_length=255, primary_key=True)
    seen_count = models.PositiveIntegerField(default=0, db_default=0)
    last_seen_at = models.DateTimeField()

    class Meta:
        """Table `unknown_claims`."""

        db_table = "unknown_claims"
        ordering = ("-last_seen_at",)

    def __str__(self) -> str:
        """Show the value."""
        return self.claim_value
