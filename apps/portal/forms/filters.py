"""What an address may ask of a list: every filter and order is checked here, and a wrong one is named, not obeyed."""

from typing import Any, Self

from django import forms
from django.http import QueryDict

from apps.audit.models import Category, Status
from apps.audit.selectors import AuditFilters
from apps.metrics.paging import SORTS
from apps.nodes.models import NodeStatus, NodeType
from apps.nodes.selectors import NodeFilters


class FilterForm(forms.Form):
    """A GET form: what is wrong is left out and reported."""

    def chosen(self) -> dict[str, Any]:
        """The valid values that narrow or order the list."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    @classmethod
    def of(cls, query: QueryDict, **usual: object) -> Self:
        """The form of an address, with the usual choices shown where the address makes none."""
        filled = query.copy()
        for name, value in usual.items():
            if not filled.get(name):
                filled[name] = str(value)
        return cls(filled)

    def complaints(self) -> list[str]:
        """One sentence per wrong value."""
        return [f"{self.fields[name].label or name}: {error}" for name, found in self.errors.items() for error in found]


class NodeFilterForm(FilterForm):
    """Filters and order of the node list."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    status = forms.ChoiceField(label="Status", required=False, choices=[("", "Any status"), *NodeStatus.choices])
    type = forms.ChoiceField(label="Type", required=False, choices=[("", "Any type"), *NodeType.choices])
    tag = forms.CharField(label="Tag", required=False, max_length=63)
    label = forms.CharField(
        label="Label",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "name or name=value"}),
    )
    region = forms.CharField(label="Region", required=False, max_length=100)
    draining = forms.TypedChoiceField(
        label="Draining",
        required=False,
        choices=[("", "Draining or not"), ("yes", "Draining"), ("no", "Not draining")],
        coerce=lambda text: text == "yes",
        empty_value=None,
    )
    sort = forms.ChoiceField(
        label="Order",
        required=False,
        choices=[(sort, sort) for name in SORTS for sort in (name, f"-{name}")],
    )

    def filters(self) -> NodeFilters:
        """What the valid part of an address asks for."""
        chosen = self.chosen()
        return NodeFilters(
            status=chosen.get("status", ""),
            node_type=chosen.get("type", ""),
            text=chosen.get("q", ""),
            tag=chosen.get("tag", ""),
            label=chosen.get("label", ""),
            region=chosen.get("region", ""),
            draining=chosen.get("draining"),
        )


class AuditFilterForm(FilterForm):
    """Filters of the audit list."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    category = forms.ChoiceField(label="Category", required=False, choices=[("", "Any category"), *Category.choices])
    action = forms.CharField(label="Action", required=False, max_length=100)
    person = forms.CharField(label="Person", required=False, max_length=255)
    resource = forms.CharField(label="Resource id", required=False, max_length=255)
    status = forms.ChoiceField(label="Result", required=False, choices=[("", "Any result"), *Status.choices])
    since = forms.DateTimeField(
        label="From",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    until = forms.DateTimeField(
        label="To",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    rows = forms.BooleanField(label="Row images too", required=False)
    who = forms.UUIDField(label="Person id", required=False)
    ip = forms.GenericIPAddressField(label="From address", required=False)
    request = forms.CharField(label="Request id", required=False, max_length=64)
    reason = forms.TypedChoiceField(
        label="Reason",
        required=False,
        choices=[("", "With reason or not"), ("yes", "With a reason"), ("no", "Without a reason")],
        coerce=lambda text: text == "yes",
        empty_value=None,
    )

    def filters(self) -> AuditFilters:
        """What the valid part of an address asks for."""
        chosen = self.chosen()
        return AuditFilters(
            category=chosen.get("category", ""),
            action=chosen.get("action", ""),
            user_email=chosen.get("person", ""),
            resource_id=chosen.get("resource", ""),
            status=chosen.get("status", ""),
            text=chosen.get("q", ""),
            since=chosen.get("since"),
            until=chosen.get("until"),
            with_row_images=chosen.get("rows", False),
            ip_address=chosen.get("ip", ""),
            request_id=chosen.get("request", ""),
            person_id=chosen.get("who"),
            has_reason=chosen.get("reason"),
        )
