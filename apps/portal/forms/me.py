"""Forms of one's own account: tokens and requests for more quota."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from apps.accounts.limits import AMOUNTS, Asked
from apps.accounts.models import TokenScope
from apps.accounts.services.tokens import LONGEST_DAYS, MOST_NETWORKS, checked_networks
from apps.core.errors import Invalid
from apps.portal.forms.node_actions import ReasonForm

SEPARATORS = re.compile(r"[\s,;]+")
LIFETIMES = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (180, "180 days"), (LONGEST_DAYS, "1 year"))


class TokenForm(forms.Form):
    """What a token is for, what it may do, until when, and from where."""

    name = forms.CharField(
        max_length=100, help_text="For yourself, for example which program uses it.", widget=forms.TextInput()
    )
    scope = forms.ChoiceField(label="May", choices=TokenScope.choices, initial=TokenScope.READ)
    days = forms.IntegerField(
        label="Days until it ends", min_value=1, max_value=LONGEST_DAYS, initial=90, help_text=f"1 to {LONGEST_DAYS}."
    )
    allowed_ips = forms.CharField(
        label="Only from these addresses",
        required=False,
        max_length=1200,
        widget=forms.Textarea(attrs={"rows": 2, "class": "wide", "placeholder": "192.0.2.7, 2001:db8::/32"}),
        help_text=f"Addresses or networks divided by commas or lines, {MOST_NETWORKS} at most. Empty = from anywhere.",
    )

    def clean_allowed_ips(self) -> list[str]:
        """Return the networks; every entry that is none is named."""
        entries = [entry for entry in SEPARATORS.split(self.cleaned_data["allowed_ips"]) if entry]
        errors = []
        for entry in entries:
            try:
                checked_networks([entry])
            except Invalid as refusal:
                errors.append(refusal.detail)
        if errors:
            raise forms.ValidationError(errors)
        return entries


def amount_field(name: str, **options: Any) -> forms.FloatField | forms.IntegerField:
    """Return the field of a limited thing, with its unit in the label."""
    label, unit = AMOUNTS[name]
    kind = forms.IntegerField if name == "concurrent_sessions" else forms.FloatField
    usual = {"required": False, "min_value": 0, "max_value": 1_000_000_000}
    return kind(label=f"{label} ({unit})" if unit else label, **{**usual, **options})


class AmountsForm(forms.Form):
    """The five limited things."""

    cpu_cores = amount_field("cpu_cores")
    memory_gb = amount_field("memory_gb")
    gpus = amount_field("gpus")
    storage_gb = amount_field("storage_gb")
    concurrent_sessions = amount_field("concurrent_sessions", max_value=1_000_000)

    def amounts(self) -> Asked:
        """Return the amounts; None where nothing was typed."""
        return {name: self.cleaned_data[name] for name in AMOUNTS}


class UntilField(forms.DateTimeField):
    """A time still to come, in the zone of the person who types it."""

    def __init__(self, **options: Any) -> None:
        """Ask with the browser's own picker."""
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"required": False, "widget": widget, **options})

    def clean(self, value: Any) -> datetime | None:
        """Refuse a time that has passed."""
        at: datetime | None = super().clean(value)
        if at and at <= timezone.now():
            raise forms.ValidationError("This time has already passed.")
        return at


class QuotaRequestForm(AmountsForm, ReasonForm):
    """What is asked for, until when, and why."""

    field_order = (*AMOUNTS, "until", "reason")
    until = UntilField(label="Needed until", help_text="Empty = for good.")
    reason = forms.CharField(
        label="Why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "wide"}),
        help_text="Whoever decides reads this.",
    )
