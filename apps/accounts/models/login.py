"""People's own log-ins at the database: whose rows a role sees that is not one of the portal's."""

from django.db import models
from django.db.models import Q

from apps.accounts.models.person import Tenant, User


class DatabaseLogin(models.Model):
    """What a database role stands for: a person, a tenant, or all tenants. Looked up by the name it logged in with."""

    role_name = models.CharField(max_length=63, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="database_logins")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    all_tenants = models.BooleanField(default=False, db_default=False)

    class Meta:
        """Table `database_logins`."""

        db_table = "database_logins"
        constraints = (
            models.CheckConstraint(
                condition=Q(all_tenants=True, tenant=None) | Q(all_tenants=False, tenant__isnull=False),
                name="database_logins_one_scope",
            ),
        )

    def __str__(self) -> str:
        """Show the role."""
        return self.role_name
