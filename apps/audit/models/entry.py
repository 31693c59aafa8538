"""An entry of the audit log: added by services (events) and by a trigger on business tables (row images)."""

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField

from apps.core.models import one_of


class Category(models.TextChoices):
    """What part of the portal an entry is about."""

    AUTH = "AUTH"
    NODE = "NODE"
    POOL = "POOL"
    SESSION = "SESSION"
    ALERT = "ALERT"
    REPORT = "REPORT"
    USER = "USER"
    CONFIG = "CONFIG"
    SYSTEM = "SYSTEM"


class Status(models.TextChoices):
    """Whether what was tried happened."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


class AuditLog(models.Model):
    """One thing that was done or refused, or the image of one changed row.

    Actor and subject are plain ids, so deleting a person never touches the log. What tells who they are stands in
    columns of its own (`user_email`, `ip_address`, `user_agent`; `resource_name` and `personal` where there is a
    subject) beside a salted digest: seals cover the digests, so the values can be erased and the seals still hold.
    `personal` is {"before": {column: value}, "after": {…}}. Key, digests and salts are given by the database.
    """

    id = models.BigAutoField(primary_key=True)
    timestamp = TimescaleDateTimeField(interval="30 days", db_default=Now())
    tenant_id = models.UUIDField(null=True, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    user_email = models.CharField(max_length=255, db_default="", blank=True)
    user_role = models.CharField(max_length=50, db_default="", blank=True)
    action = models.CharField(max_length=100)
    category = models.CharField(max_length=50, choices=Category)
    resource_type = models.CharField(max_length=100, db_default="", blank=True)
    resource_id = models.CharField(max_length=255, db_default="", blank=True)
    resource_name = models.CharField(max_length=255, db_default="", blank=True)
    description = models.TextField(db_default="", blank=True)
    details = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    is_row_image = models.BooleanField(default=False, db_default=False)
    reason = models.TextField(db_default="", blank=True)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.TextField(db_default="", blank=True)
    request_id = models.CharField(max_length=64, db_default="", blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.SUCCESS, db_default=Status.SUCCESS)
    error_message = models.TextField(db_default="", blank=True)
    subject_id = models.UUIDField(null=True, blank=True, db_comment="the person the entry is about")
    personal = models.JSONField(null=True, blank=True)
    actor_salt = models.BinaryField(null=True, editable=False)
    actor_digest = models.BinaryField(null=True, editable=False)
    subject_salt = models.BinaryField(null=True, editable=False)
    subject_digest = models.BinaryField(null=True, editable=False)

    class Meta:
        """Table `audit_logs`, newest first; the indexes serve the audit page's filters."""

        db_table = "audit_logs"
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        ordering = ("-timestamp", "-id")
        indexes = (
            models.Index(fields=["-timestamp", "-id"], name="audit_logs_newest"),
            models.Index(fields=["category", "-timestamp"], name="audit_logs_category"),
            models.Index(fields=["user_id", "-timestamp"], name="audit_logs_user"),
            models.Index(fields=["resource_id", "-timestamp"], name="audit_logs_resource"),
            models.Index(fields=["request_id"], name="audit_logs_request"),
            models.Index(
                fields=["subject_id", "-timestamp"],
                condition=models.Q(subject_id__isnull=False),
                name="audit_logs_subject",
            ),
            models.Index(
                fields=["timestamp"],
                condition=models.Q(user_id=None, actor_salt__isnull=False)
                | models.Q(subject_id=None, subject_salt__isnull=False),
                name="audit_logs_strangers",
            ),
        )
        constraints = (
            one_of("category", Category, "audit_logs_category_known"),
            one_of("status", Status, "audit_logs_status_known"),
        )

    def __str__(self) -> str:
        """Say who did what."""
        return f"{self.action} by {self.user_email or 'the system'}"
