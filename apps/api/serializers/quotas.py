"""Quotas and requests for more; amounts in cores, GB of 10^9 bytes, pieces; null sets no limit."""

from typing import Any

from rest_framework import serializers

from apps.accounts.limits import AMOUNTS
from apps.accounts.models import Quota, QuotaRequest, QuotaRequestStatus, Strictness
from apps.api.serializers.fields import Instant, Number, Query, Shape, Text, Truth, Whole

MOST = 1e9


class AmountsIn(Shape):
    """The five limited things."""

    cpu_cores = Number(required=False, allow_null=True, min_value=0, max_value=MOST)
    memory_gb = Number(required=False, allow_null=True, min_value=0, max_value=MOST)
    gpus = Number(required=False, allow_null=True, min_value=0, max_value=MOST)
    storage_gb = Number(required=False, allow_null=True, min_value=0, max_value=MOST)
    concurrent_sessions = Whole(required=False, allow_null=True, min_value=0, max_value=1_000_000)


class QuotaOut(serializers.ModelSerializer[Quota]):
    """The limits of one person or one tenant; `version` is the ETag."""

    user_id = serializers.UUIDField(read_only=True, allow_null=True)
    tenant_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        """All columns."""

        model = Quota
        fields = (
            "id", "user_id", "tenant_id", "strictness", *AMOUNTS, "grace_minutes", "expires_at", "comment",
            "created_at", "updated_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class QuotaEdit(AmountsIn):
    """What of a quota changes; `reason` goes to the audit log."""

    grace_minutes = Whole(required=False, min_value=0, max_value=525_600)
    expires_at = Instant(required=False, allow_null=True)
    comment = Text(required=False, allow_blank=True, max_length=255)
    reason = Text(required=False, allow_blank=True, max_length=500)


class QuotaIn(QuotaEdit):
    """A new quota: of a person or of a tenant, hard or soft."""

    user_id = serializers.UUIDField(required=False)
    tenant_id = serializers.UUIDField(required=False)
    strictness = serializers.ChoiceField(choices=Strictness.choices, default=Strictness.HARD.value)


class LimitOut(serializers.Serializer[Any]):
    """One limited thing as it counts now; null = no limit."""

    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    hard = serializers.FloatField(allow_null=True)
    soft = serializers.FloatField(allow_null=True)
    is_raised = serializers.BooleanField()


class QuotaRequestOut(serializers.ModelSerializer[QuotaRequest]):
    """What somebody asked for, and what was decided."""

    user_id = serializers.UUIDField(read_only=True)

    class Meta:
        """All columns."""

        model = QuotaRequest
        fields = (
            "id", "user_id", *AMOUNTS, "reason", "until", "status", "decided_by", "decided_at", "decision",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class QuotaRequestPageOut(serializers.Serializer[Any]):
    """One page; the cursors go into `after`."""

    results = QuotaRequestOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class QuotaRequestQuery(Query):
    """Whose requests, and where they stand."""

    whose = serializers.ChoiceField(choices=["mine", "all"], default="mine")
    status = serializers.ChoiceField(choices=QuotaRequestStatus.choices, required=False)
    after = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class QuotaRequestIn(AmountsIn):
    """What is asked for, why, and until when."""

    reason = Text(max_length=2000)
    until = Instant(required=False, allow_null=True, default=None)


class DecisionIn(Shape):
    """Yes or no, and why."""

    approve = Truth()
    comment = Text(max_length=2000)
