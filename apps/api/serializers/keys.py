"""Keys and enrolment tokens: secrets appear once, in the answer to the call that made them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.fields import Shape, Tags, Text, Truth, Whole
from apps.nodes.models import NodeApiKey

PUBLIC: tuple[str, ...] = (
    "key_id", "label", "scopes", "allowed_ips", "created_at", "expires_at", "last_used_at", "last_used_ip",
    "revoked_at",
)  # fmt: skip


class KeyOut(serializers.ModelSerializer[NodeApiKey]):
    """The public half of a key."""

    scopes = serializers.ListField(child=serializers.CharField())
    allowed_ips = serializers.ListField(child=serializers.CharField())

    class Meta:
        """Everything but the digest."""

        model = NodeApiKey
        fields = PUBLIC
        read_only_fields = fields


class NewKeyOut(KeyOut):
    """A key that was just made; `key` is shown this once."""

    key = serializers.CharField()

    class Meta(KeyOut.Meta):
        """The public half and the whole."""

        fields = (*PUBLIC, "key")
        read_only_fields = fields


class KeyIn(Shape):
    """What a new key is for."""

    label = Text(required=False, allow_blank=True, max_length=100, default="")  # type: ignore[assignment]


class RotateIn(Shape):
    """For how long the old key lives on."""

    overlap_hours = Whole(required=False, min_value=0, max_value=720, default=24)


class RevokeIn(Shape):
    """Why a key ends."""

    reason = Text(max_length=500)


class TokenIn(Shape):
    """For whom and how long a token lets machines in."""

    uses = Whole(required=False, min_value=1, max_value=10_000, default=1)
    lifetime_hours = Whole(required=False, min_value=1, max_value=24 * 90, default=24)
    auto_approve = Truth(required=False, default=False)
    tags = Tags(required=False, default=list)


class TokenOut(serializers.Serializer[Any]):
    """A token that was just made; `token` is shown this once."""

    id = serializers.UUIDField()
    token = serializers.CharField()
    uses_left = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    auto_approve = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())
