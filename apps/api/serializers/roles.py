"""The role mapping."""

from typing import Any

from rest_framework import serializers

from apps.accounts.claims import MOST_CHARACTERS
from apps.accounts.models import RoleMapping
from apps.accounts.permissions import Role
from apps.api.serializers.fields import Shape, Text


class MappingOut(serializers.ModelSerializer[RoleMapping]):
    """One value and the role it gives; `version` is the ETag."""

    class Meta:
        """All columns."""

        model = RoleMapping
        fields = ("id", "claim_value", "role", "comment", "created_at", "updated_at", "version")
        read_only_fields = fields


class UnknownOut(serializers.Serializer[Any]):
    """A value that came and that nothing is mapped to."""

    claim_value = serializers.CharField()
    seen_count = serializers.IntegerField()
    last_seen_at = serializers.DateTimeField()


class MappingsOut(serializers.Serializer[Any]):
    """The whole mapping, and what it does not know."""

    results = MappingOut(many=True)
    unknown = UnknownOut(many=True)


class MappingIn(Shape):
    """A value of the roles claim and the role it gives."""

    claim_value = Text(max_length=255)
    role = serializers.ChoiceField(choices=Role.choices)
    comment = Text(required=False, allow_blank=True, max_length=255, default="")
    reason = Text(required=False, allow_blank=True, max_length=500, default="")


class MappingEdit(Shape):
    """What of a mapping changes."""

    claim_value = Text(required=False, max_length=255)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    comment = Text(required=False, allow_blank=True, max_length=255)
    reason = Text(required=False, allow_blank=True, max_length=500)


class MappingRemoval(Shape):
    """Why a mapping goes."""

    reason = Text(required=False, allow_blank=True, max_length=500, default="")


class TrialIn(Shape):
    """Claims of a token as JSON in a text, or the values of the roles claim divided by commas."""

    claims = Text(max_length=MOST_CHARACTERS)


class StepOut(serializers.Serializer[Any]):
    """What one value gives; null when no mapping knows it."""

    value = serializers.CharField()
    role = serializers.CharField(allow_null=True)


class TrialOut(serializers.Serializer[Any]):
    """The role that the claims give, and why; `problem` is empty, or `missing` or `malformed` for the claim itself."""

    role = serializers.CharField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    steps = StepOut(many=True)
    unknown = serializers.ListField(child=serializers.CharField())
