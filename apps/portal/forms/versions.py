"""Forms of rows that several people edit: each carries the version that was read, and takes the newest when told."""

from typing import Any

from django import forms
from django.http import QueryDict

from apps.portal.forms.node_actions import ReasonForm


class VersionForm(forms.Form):
    """Knows which version of the row was shown; a row that is not there yet has none."""

    version = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, newest: int | None, **options: Any) -> None:
        """Take the version that the row has now."""
        super().__init__(data, **options)
        self.newest = newest
        self.fields["version"].initial = newest

    def take_newest(self) -> None:
        """Go on from the row as it is now, so that what was typed can be saved over it knowingly."""
        typed = QueryDict(mutable=True)
        typed.update(self.data)
        typed["version"] = "" if self.newest is None else str(self.newest)
        self.data = typed

    def values(self) -> dict[str, Any]:
        """Return what was typed, the version left out."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class VersionedReasonForm(VersionForm, ReasonForm):
    """Why it is done, to the version that was read."""
