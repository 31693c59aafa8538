"""Forms about people: what administrators change of them, and how new ones come in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from apps.accounts.limits import AMOUNTS
from apps.accounts.models import AuthProvider, Tenant
from apps.accounts.permissions import Role
from apps.portal.forms.account import NewPasswordForm, ProfileForm
from apps.portal.forms.filters import FilterForm
from apps.portal.forms.me import AmountsForm, UntilField
from apps.portal.forms.node_actions import ReasonForm
from apps.portal.forms.versions import VersionedReasonForm, VersionForm

OPEN_OR_CLOSED = (("", "Open or closed"), ("yes", "Open"), ("no", "Closed"))


class PeopleFilterForm(FilterForm):
    """Filters of the list of people."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "Any role"), *Role.choices])
    provider = forms.ChoiceField(
        label="Signs in with", required=False, choices=[("", "Any sign-in"), *AuthProvider.choices]
    )
    active = forms.TypedChoiceField(
        label="Account", required=False, choices=OPEN_OR_CLOSED, coerce=lambda text: text == "yes", empty_value=None
    )


class PersonForm(VersionForm, ProfileForm):
    """Name and time zone of somebody."""

    field_order = ("full_name", "time_zone", "version")


class RoleForm(VersionedReasonForm):
    """Another role for a local account, and why."""

    field_order = ("role", "reason", "version")
    role = forms.ChoiceField(choices=Role.choices)


class OverrideForm(VersionedReasonForm):
    """A role over the identity provider's, why, and until when."""

    field_order = ("role", "until", "reason", "version")
    role = forms.ChoiceField(choices=Role.choices)
    until = UntilField(label="Until", help_text="Empty = until somebody lifts it.")


class TenantField(forms.ChoiceField):
    """One of the tenants that somebody administers."""

    def __init__(self, tenants: Sequence[Tenant], *, empty: str = "", **options: Any) -> None:
        """Offer them by name; `empty` names the choice of none."""
        first = [("", empty)] if empty else []
        super().__init__(choices=[*first, *((str(row.pk), row.name) for row in tenants)], **options)

    def clean(self, value: Any) -> UUID | None:
        """Return the id, None for none."""
        found: str = super().clean(value)
        return UUID(found) if found else None


class TenantForm(VersionedReasonForm):
    """Where somebody belongs, and why they move."""

    field_order = ("tenant_id", "reason", "version")

    def __init__(self, data: QueryDict | None = None, *, tenants: Sequence[Tenant], **options: Any) -> None:
        """Take the tenants to choose from."""
        super().__init__(data, **options)
        self.fields["tenant_id"] = TenantField(
            tenants, empty="All tenants (ADMIN only)", required=False, label="Tenant"
        )
        self.order_fields(self.field_order)


class InviteForm(forms.Form):
    """Who is expected, as what, and where."""

    email = forms.EmailField(label="E-mail", max_length=255)
    full_name = forms.CharField(label="Name", max_length=255, required=False)
    role = forms.ChoiceField(choices=Role.choices, initial=Role.USER)

    def __init__(self, data: QueryDict | None = None, *, tenants: Sequence[Tenant], **options: Any) -> None:
        """Take the tenants to choose from."""
        super().__init__(data, **options)
        self.fields["tenant_id"] = TenantField(tenants, label="Tenant")


class AcceptForm(NewPasswordForm):
    """One's name, and a first password twice."""

    field_order = ("full_name", "new_password", "again")
    full_name = forms.CharField(
        label="Your name", max_length=255, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )


class MappingForm(VersionedReasonForm):
    """A value of the roles claim, the role it gives, and why: it decides about many people at once."""

    field_order = ("claim_value", "role", "comment", "reason", "version")
    claim_value = forms.CharField(
        label="Value", max_length=255, help_text="As the identity provider sends it, for example a client role."
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.USER)
    comment = forms.CharField(required=False, max_length=255)


class TrialForm(forms.Form):
    """Claims to try the mapping with."""

    claims = forms.CharField(
        label="Claims or roles",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "wide", "spellcheck": "false"}),
        help_text="The content of an ID token as JSON, or only the roles, divided by commas. Nothing of it is kept.",
    )


class QuotaForm(VersionForm, AmountsForm, ReasonForm):
    """Limits, until when they hold, and why they are set."""

    field_order = (*AMOUNTS, "grace_minutes", "expires_at", "comment", "reason", "version")
    grace_minutes = forms.IntegerField(
        label="Grace (minutes)",
        required=False,
        min_value=0,
        max_value=525_600,
        initial=0,
        help_text="How long a soft limit may be passed.",
    )
    expires_at = UntilField(label="Holds until", help_text="Empty = for good.")
    comment = forms.CharField(required=False, max_length=255)


class DecisionForm(forms.Form):
    """Words for whoever asked."""

    comment = forms.CharField(
        label="Your answer",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "wide"}),
        help_text="Shown to the person, and kept in the audit log.",
    )
