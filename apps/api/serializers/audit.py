"""The audit log."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Instant, Query
from apps.audit.models import AuditLog, Category, Status


class AuditQuery(Query):
    """Filters and place; newest first."""

    category = serializers.ChoiceField(choices=Category.choices, required=False)
    action = serializers.CharField(required=False, max_length=100)
    user_email = serializers.CharField(required=False, max_length=255)
    resource_id = serializers.CharField(required=False, max_length=255)
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    text = serializers.CharField(required=False, max_length=200)
    since = Instant(required=False)
    until = Instant(required=False)
    ip_address = serializers.IPAddressField(required=False)
    request_id = serializers.CharField(required=False, max_length=64)
    person_id = serializers.UUIDField(required=False, help_text="Whom an entry is by or about.")
    has_reason = serializers.ChoiceField(choices=["true", "false"], required=False)
    row_images = serializers.ChoiceField(choices=["true", "false"], default="false")
    after = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class AuditOut(serializers.ModelSerializer[AuditLog]):
    """One entry."""

    details = serializers.DictField()
    personal = serializers.DictField(allow_null=True, help_text="What tells who a person is; null once erased.")

    class Meta:
        """All columns."""

        model = AuditLog
        fields = (
            "id", "timestamp", "tenant_id", "user_id", "user_email", "user_role", "action", "category",
            "resource_type", "resource_id", "resource_name", "description", "details", "is_row_image", "reason",
            "ip_address", "user_agent", "request_id", "status", "error_message", "subject_id", "personal",
        )  # fmt: skip
        read_only_fields = fields


class AuditPageOut(serializers.Serializer[Any]):
    """One page; the cursors go into `after`."""

    results = AuditOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
