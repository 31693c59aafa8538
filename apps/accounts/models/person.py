"""Tenants, people and the count of failed sign-ins."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Upper

from apps.accounts.permissions import Action, Role, can
from apps.core.models import Timestamps, one_of, uuid_key


class AuthProvider(models.TextChoices):
    """Where a person proves who they are."""

    LOCAL = "local"
    KEYCLOAK = "keycloak"


class Tenant(Timestamps):
    """An organisation whose nodes, people and data are kept apart from others'."""

    id = uuid_key("tenant_id")
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True, db_default=True)
    node_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most nodes it may enrol; empty = no limit."
    )

    class Meta:
        """Table `tenants`."""

        db_table = "tenants"
        ordering = ("name",)

    def __str__(self) -> str:
        """Show the name."""
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with this e-mail."""
        return self.get(email__iexact=username)


class User(Timestamps, AbstractBaseUser):
    """A person. What they may do follows from `role` alone; see `permissions`."""

    id = uuid_key("user_id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="users", help_text="Empty = all tenants."
    )
    email = models.EmailField(max_length=255)
    username = models.CharField(max_length=150, blank=True, db_default="")
    full_name = models.CharField(max_length=255)
    # NULL says that the person signs in elsewhere.
    password = models.CharField(max_length=255, null=True, blank=True, editable=False)  # type: ignore[assignment]  # noqa: DJ001
    role = models.CharField(max_length=20, choices=Role, default=Role.USER, db_default=Role.USER)
    auth_provider = models.CharField(
        max_length=20, choices=AuthProvider, default=AuthProvider.LOCAL, db_default=AuthProvider.LOCAL
    )
    issuer = models.CharField(max_length=255, blank=True, db_default="")
    keycloak_user_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - unique where present
    role_override = models.BooleanField(default=False, db_default=False)
    role_override_reason = models.TextField(blank=True, db_default="")
    role_override_by = models.UUIDField(null=True, blank=True)
    role_override_until = models.DateTimeField(null=True, blank=True)
    last_idp_role = models.CharField(max_length=20, blank=True, db_default="")
    # When the identity provider last said that this person has a role here; NULL once it said otherwise.
    vouched_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True, db_default=True)
    is_superuser = models.BooleanField(default=False, db_default=False)
    time_zone = models.CharField(max_length=63, default="UTC", db_default="UTC")
    notification_email = models.EmailField(
        max_length=255, blank=True, db_default="", help_text="Where messages go; empty = the e-mail above."
    )
    # Counted up by the database at every change that is no mere sign-in: who edits an older one is told.
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        """Table `users`."""

        db_table = "users"
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(Upper("email"), name="users_email_once"),
            models.UniqueConstraint(fields=["issuer", "keycloak_user_id"], name="users_identity_once"),
            one_of("role", Role, "users_role_known"),
            one_of("auth_provider", AuthProvider, "users_auth_provider_known"),
        )

    def __str__(self) -> str:
        """Show the e-mail."""
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether the data-correction site is open to them."""
        return can(self, Action.ADMIN_SITE)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Answer Django's admin from the same table as everything else."""
        return can(self, Action.ADMIN_SITE)

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        """Answer Django's admin from the same table as everything else."""
        return can(self, Action.ADMIN_SITE)

    def has_module_perms(self, app_label: str) -> bool:
        """Answer Django's admin from the same table as everything else."""
        return can(self, Action.ADMIN_SITE)


class SignInAttempt(models.Model):
    """Failed sign-ins in a row for one account or one address, by digest of its name."""

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    last_failure_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)
    # The end of the wait of which one refusal is in the audit log already.
    noted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table `sign_in_attempts`."""

        db_table = "sign_in_attempts"

    def __str__(self) -> str:
        """Show key and count."""
        return f"{self.key}: {self.failures}"
