"""Forms of what is done to a node and its keys."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

HOURS = ((1, "1 hour"), (8, "8 hours"), (24, "1 day"), (168, "7 days"), (720, "30 days"))
OVERLAPS = ((0, "End the old key at once"), (1, "1 hour"), (24, "1 day"), (168, "7 days"))


class ReasonForm(forms.Form):
    """Why it is done; kept in the audit log."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "wide"}),
        help_text="Kept in the audit log.",
    )


class DrainForm(ReasonForm):
    """Why a node takes no new work, and until when that is planned."""

    until = forms.DateTimeField(
        label="Planned until",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Shown to people; the node is not returned by itself.",
    )

    def clean_until(self) -> Any:
        """Refuse a time that has passed."""
        until = self.cleaned_data["until"]
        if until and until <= timezone.now():
            raise forms.ValidationError("This time has already passed.")
        return until


class RetireForm(ReasonForm):
    """The host name typed by hand, and why."""

    field_order = ("typed", "reason")
    typed = forms.CharField(label="Type the host name to confirm", max_length=255)

    def __init__(self, *args: Any, hostname: str, **kwargs: Any) -> None:
        """Take the name that must be typed."""
        super().__init__(*args, **kwargs)
        self.hostname = hostname
        attrs = {"data-confirm-word": hostname, "autocomplete": "off", "spellcheck": "false", "data-autofocus": True}
        self.fields["typed"].widget.attrs.update(attrs)
        self.fields["typed"].help_text = hostname

    def clean_typed(self) -> str:
        """Accept exactly the host name."""
        typed: str = self.cleaned_data["typed"]
        if typed != self.hostname:
            raise forms.ValidationError("This is not the name of the node.")
        return typed


class KeyForm(forms.Form):
    """A name for a new key."""

    label = forms.CharField(
        max_length=100, required=False, help_text="For people, for example who asked for it.", widget=forms.TextInput()
    )


class RotateForm(forms.Form):
    """How long the old key lives on beside the new one."""

    overlap_hours = forms.TypedChoiceField(
        label="The old key still works for", choices=OVERLAPS, coerce=int, initial=24
    )

    def overlap(self) -> timedelta:
        """The overlap as a length of time."""
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class EnrolForm(forms.Form):
    """How many machines may enrol with one token, for how long, and how they are received."""

    hours = forms.TypedChoiceField(label="Valid for", choices=HOURS, coerce=int, initial=24)
    uses = forms.IntegerField(label="Machines", min_value=1, max_value=1000, initial=1)
    tags = forms.CharField(
        required=False, max_length=500, help_text="Separated by commas; given to every node that enrols with it."
    )
    auto_approve = forms.BooleanField(
        label="Approve at once, without a look at each machine", required=False, initial=True
    )

    def clean_tags(self) -> list[str]:
        """Split the tags."""
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]
        if any(len(tag) > 63 for tag in tags):
            raise forms.ValidationError("A tag has at most 63 characters.")
        return list(dict.fromkeys(tags))

    def lifetime(self) -> timedelta:
        """How long the token is valid."""
        return timedelta(hours=self.cleaned_data["hours"])
