"""People, oneself, sessions, tokens, invitations: what is shown and what may be written. Secrets appear once."""

from typing import Any

from rest_framework import serializers

from apps.accounts.models import ApiToken, AuthProvider, Invitation, TokenScope, User, WebSession
from apps.accounts.permissions import Role
from apps.api.serializers.fields import Instant, Query, Shape, Text, Whole

MOST_ROWS = 200


class Reason(Shape):
    """Why it is done; kept in the audit log."""

    reason = Text(max_length=500)


class MeOut(serializers.ModelSerializer[User]):
    """Oneself."""

    tenant_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        """What one sees of oneself."""

        model = User
        fields = (
            "id", "tenant_id", "email", "full_name", "role", "auth_provider", "role_override", "role_override_until",
            "time_zone", "notification_email", "last_login",
        )  # fmt: skip
        read_only_fields = fields


class MeEdit(Shape):
    """What one may change of oneself."""

    full_name = Text(required=False, max_length=255)
    time_zone = Text(required=False, max_length=63)
    notification_email = serializers.EmailField(required=False, allow_blank=True, max_length=255)


class SessionOut(serializers.ModelSerializer[WebSession]):
    """A web session; `is_current` marks the one that asks."""

    is_current = serializers.SerializerMethodField()

    class Meta:
        """Everything but what opens it."""

        model = WebSession
        fields = (
            "id", "is_current", "auth_provider", "ip_address", "user_agent", "created_at", "last_seen_at", "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_current(self, session: WebSession) -> bool:
        """Compare with the session of the request."""
        return session.pk == self.context.get("current")


class EndedOut(serializers.Serializer[Any]):
    """How many web sessions were ended."""

    ended = serializers.IntegerField()


class ApiTokenOut(serializers.ModelSerializer[ApiToken]):
    """The public half of a personal token."""

    scopes = serializers.ListField(child=serializers.CharField())
    allowed_ips = serializers.ListField(child=serializers.CharField())

    class Meta:
        """Everything but the digest."""

        model = ApiToken
        fields: tuple[str, ...] = (
            "key_id", "name", "scopes", "allowed_ips", "created_at", "expires_at", "last_used_at", "last_used_ip",
            "revoked_at",
        )  # fmt: skip
        read_only_fields = fields


class NewApiTokenOut(ApiTokenOut):
    """A token that was just made; `token` is shown this once."""

    token = serializers.CharField()

    class Meta(ApiTokenOut.Meta):
        """The public half and the whole."""

        fields = (*ApiTokenOut.Meta.fields, "token")
        read_only_fields = fields


class ApiTokenIn(Shape):
    """What a new token is for, what it may do, for how long, and from where."""

    name = Text(max_length=100)
    scope = serializers.ChoiceField(choices=TokenScope.choices, default=TokenScope.READ.value)
    days = Whole(min_value=1, max_value=365, default=90)
    allowed_ips = serializers.ListField(child=Text(max_length=49), required=False, default=list, max_length=20)


class UserOut(serializers.ModelSerializer[User]):
    """A person; `version` is the ETag."""

    tenant_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        """What administrators see of people."""

        model = User
        fields: tuple[str, ...] = (
            "id", "tenant_id", "email", "full_name", "role", "auth_provider", "is_active", "is_superuser", "time_zone",
            "notification_email", "last_idp_role", "role_override", "role_override_reason", "role_override_by",
            "role_override_until", "last_login", "created_at", "updated_at", "version",
        )  # fmt: skip
        read_only_fields = fields


class RightOut(serializers.Serializer[Any]):
    """One action in words, whether it is allowed, and the reason either way."""

    action = serializers.CharField()
    area = serializers.CharField()
    words = serializers.CharField()
    is_allowed = serializers.BooleanField()
    why = serializers.CharField()


class RightsOut(serializers.Serializer[Any]):
    """What somebody may do; `role_source` is `override`, `mapping` or `local`, `scope` says over which rows."""

    role = serializers.CharField()
    role_source = serializers.CharField()
    scope = serializers.CharField()
    rights = RightOut(many=True)
    tokens = ApiTokenOut(many=True)


class UserRowOut(UserOut):
    """A person in a list, with when they were last seen."""

    last_seen_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta(UserOut.Meta):
        """One column more."""

        fields = (*UserOut.Meta.fields, "last_seen_at")
        read_only_fields = fields


class UserPageOut(serializers.Serializer[Any]):
    """One page; the cursors go into `after`."""

    results = UserRowOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class UserQuery(Query):
    """Filters and place of the list of people."""

    text = serializers.CharField(required=False, max_length=200, help_text="in name and e-mail")
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    provider = serializers.ChoiceField(choices=AuthProvider.choices, required=False)
    active = serializers.ChoiceField(choices=["true", "false"], required=False)
    after = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=50)


class UserEdit(Shape):
    """What administrators may write of people; `reason` goes to the audit log."""

    full_name = Text(required=False, max_length=255)
    time_zone = Text(required=False, max_length=63)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    tenant_id = serializers.UUIDField(required=False, allow_null=True)
    reason = Text(required=False, allow_blank=True, max_length=500)

    def _fault(self, name: str) -> list[Any]:
        """Tell a field that exists but is not for writing from one that does not exist."""
        found = super()._fault(name)
        if found and name in UserOut.Meta.fields:
            return [serializers.ErrorDetail("This field cannot be written.", code="read_only_field")]
        return found


class OverrideIn(Reason):
    """The role that shall hold whatever the identity provider says, why, and until when."""

    role = serializers.ChoiceField(choices=Role.choices)
    until = Instant(required=False, allow_null=True, default=None)


class InvitationOut(serializers.ModelSerializer[Invitation]):
    """The public half of an invitation."""

    tenant_id = serializers.UUIDField(read_only=True)

    class Meta:
        """Everything but the digest."""

        model = Invitation
        fields: tuple[str, ...] = (
            "id", "tenant_id", "email", "full_name", "role", "created_at", "expires_at", "used_at", "revoked_at",
        )  # fmt: skip
        read_only_fields = fields


class NewInvitationOut(InvitationOut):
    """An invitation that was just made; `link` is shown this once."""

    link = serializers.URLField()

    class Meta(InvitationOut.Meta):
        """The public half and the link."""

        fields = (*InvitationOut.Meta.fields, "link")
        read_only_fields = fields


class InvitationIn(Shape):
    """Who is expected, as what, and where."""

    email = serializers.EmailField(max_length=255)
    full_name = Text(required=False, allow_blank=True, max_length=255, default="")
    role = serializers.ChoiceField(choices=Role.choices, default=Role.USER.value)
    tenant_id = serializers.UUIDField(required=False)
