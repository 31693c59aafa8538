"""How long a table is kept."""

from typing import Any

from django import forms

from apps.metrics.models.retention_policy import FEWEST_DAYS, MOST_DAYS, SOONEST_COMPRESSED
from apps.metrics.selectors.retention_policy import Kept
from apps.portal.forms.node_actions import ReasonForm


class RetentionForm(ReasonForm):
    """Days to keep, and why; what goes must be ticked once it has been said."""

    field_order = ("keep_days", "compress_after_days", "accepts_loss", "reason")
    keep_days = forms.IntegerField(
        label="Keep, days", min_value=FEWEST_DAYS, max_value=MOST_DAYS, help_text=f"{FEWEST_DAYS} to {MOST_DAYS}."
    )
    compress_after_days = forms.IntegerField(
        label="Compress after, days", required=False, min_value=SOONEST_COMPRESSED, help_text="Empty: never."
    )
    accepts_loss = forms.BooleanField(label="Drop this data for good", required=False)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kept: Kept, can_compress: bool, would_drop: bool, **kwargs: Any) -> None:
        """Begin with what holds; ask only what applies."""
        super().__init__(*args, **kwargs)
        self.kept = kept
        self.fields["keep_days"].initial = kept.keep_days
        self.fields["compress_after_days"].initial = kept.compress_after_days
        if not can_compress:
            del self.fields["compress_after_days"]
        if not would_drop:
            del self.fields["accepts_loss"], self.fields["shown"]

    @classmethod
    def days_in(cls, text: str) -> int | None:
        """Read a typed number of days as the field does; None for what it refuses."""
        try:
            days: int = cls.base_fields["keep_days"].clean(text)
        except forms.ValidationError:
            return None
        return days

    def compress_after(self) -> int | None:
        """Return what was asked for, what holds where it is not offered."""
        if "compress_after_days" not in self.fields:
            kept_before: int = self.cleaned_data["keep_days"]
            holds = self.kept.compress_after_days
            return holds if holds is not None and holds < kept_before else None
        asked: int | None = self.cleaned_data["compress_after_days"]
        return asked
