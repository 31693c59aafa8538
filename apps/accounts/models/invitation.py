"""People who are expected."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper

from apps.accounts.models.person import Tenant, User
from apps.accounts.permissions import Role
from apps.core.models import one_of, uuid_key


class Invitation(models.Model):
    """Lets one person in once.

    Without an identity provider its link sets the first password of a new local account. With one, it gives the
    person who signs in with this verified e-mail their tenant, and allows to link `user`, an account that is there.
    """

    id = uuid_key("invitation_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=255)
    full_name = models.CharField(max_length=255, blank=True, db_default="")
    role = models.CharField(max_length=20, choices=Role, default=Role.USER)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="invitations")
    key_id = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32, editable=False)
    invited_by = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `invitations`; one open invitation for each e-mail."""

        db_table = "invitations"
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                Upper("email"), condition=Q(used_at=None, revoked_at=None), name="invitations_open_once"
            ),
            one_of("role", Role, "invitations_role_known"),
        )

    def __str__(self) -> str:
        """Show for whom."""
        return self.email
