"""How much a person or a tenant may use, and what people ask for beyond it. Enforced where sessions are launched."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models.person import Tenant, User
from apps.core.models import Timestamps, one_of, uuid_key


def amount(comment: str) -> "models.FloatField[float | None, float | None]":
    """Return a column for an amount; NULL sets no limit."""
    return models.FloatField(null=True, blank=True, validators=[MinValueValidator(0)], db_comment=comment)


class Amounts(models.Model):
    """The five things that are limited; NULL = no limit, or in a request: not asked for."""

    cpu_cores = amount("cores")
    memory_gb = amount("GB, 10^9 bytes")
    gpus = amount("GPUs")
    storage_gb = amount("GB, 10^9 bytes")
    concurrent_sessions = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        """Abstract."""

        abstract = True


class Strictness(models.TextChoices):
    """What happens at the limit."""

    HARD = "hard", "Hard: nothing beyond it"
    SOFT = "soft", "Soft: may be passed for the grace time"


class Quota(Timestamps, Amounts):
    """The limits of one person or one tenant, hard or soft."""

    id = uuid_key("quota_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="quotas")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, blank=True, related_name="quotas")
    strictness = models.CharField(max_length=10, choices=Strictness, default=Strictness.HARD)
    grace_minutes = models.PositiveIntegerField(default=0, db_default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    comment = models.CharField(max_length=255, blank=True, db_default="")
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        """Table `quotas`; one hard and one soft row for each subject."""

        db_table = "quotas"
        ordering = ("tenant", "user", "strictness")
        constraints = (
            models.CheckConstraint(
                condition=Q(user=None, tenant__isnull=False) | Q(user__isnull=False, tenant=None),
                name="quotas_one_subject",
            ),
            models.UniqueConstraint(fields=["user", "strictness"], name="quotas_once_for_a_person"),
            models.UniqueConstraint(fields=["tenant", "strictness"], name="quotas_once_for_a_tenant"),
            one_of("strictness", Strictness, "quotas_strictness_known"),
            models.CheckConstraint(
                condition=Q(cpu_cores__isnull=True) | Q(cpu_cores__gte=0), name="quotas_cpu_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(memory_gb__isnull=True) | Q(memory_gb__gte=0), name="quotas_memory_not_negative"
            ),
            models.CheckConstraint(condition=Q(gpus__isnull=True) | Q(gpus__gte=0), name="quotas_gpus_not_negative"),
            models.CheckConstraint(
                condition=Q(storage_gb__isnull=True) | Q(storage_gb__gte=0), name="quotas_storage_not_negative"
            ),
        )

    def __str__(self) -> str:
        """Show whose."""
        return f"{self.strictness} quota of {self.user or self.tenant}"


class QuotaRequestStatus(models.TextChoices):
    """Where a request stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class QuotaRequest(Timestamps, Amounts):
    """What somebody asks for, why, and what was decided."""

    id = uuid_key("request_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="quota_requests")
    reason = models.TextField(max_length=2000)
    until = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=20, choices=QuotaRequestStatus, default=QuotaRequestStatus.OPEN, db_default=QuotaRequestStatus.OPEN
    )
    decided_by = models.UUIDField(null=True, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision = models.TextField(max_length=2000, blank=True, db_default="")

    class Meta:
        """Table `quota_requests`, newest first; one open request for each person."""

        db_table = "quota_requests"
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["user"], condition=Q(status=QuotaRequestStatus.OPEN), name="quota_requests_open_once"
            ),
            one_of("status", QuotaRequestStatus, "quota_requests_status_known"),
        )
        indexes = (models.Index(fields=["status", "-created_at"], name="quota_requests_by_status"),)

    def __str__(self) -> str:
        """Show whose and where it stands."""
        return f"{self.status} request of {self.user_id}"
