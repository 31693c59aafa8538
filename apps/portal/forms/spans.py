"""The span a page is asked for, as people write it: from and to, in their own time zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from apps.core.errors import Invalid
from apps.portal.forms.filters import FilterForm
from apps.portal.spans import DEFAULT, EARLIEST, LATEST, LONGEST, Span, span_asked

WRITTEN = "%Y-%m-%dT%H:%M"


def _moment(label: str) -> forms.DateTimeField:
    """A field for a moment in the person's time zone."""
    field = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WRITTEN)
    return forms.DateTimeField(label=label, required=False, widget=field)


class SpanForm(FilterForm):
    """From and to; without the second, until now."""

    since = _moment("From")
    until = _moment("To")

    def clean_since(self) -> datetime | None:
        """Refuse a moment that no chart can begin at."""
        return _within_reason(self.cleaned_data["since"])

    def clean_until(self) -> datetime | None:
        """Refuse a moment that no chart can end at."""
        return _within_reason(self.cleaned_data["until"])

    def clean(self) -> dict[str, Any]:
        """Refuse a span that is empty, too long, or has no beginning."""
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until") or timezone.now()
        if since is None and found.get("until") and "since" not in self.errors:
            self.add_error("since", "Say from when, too.")
        elif since and since >= until:
            self.add_error("until", "This must be later than “From”.")
        elif since and until - since > LONGEST:
            self.add_error("since", "The longest span is two years.")
        return found


def _within_reason(moment: datetime | None) -> datetime | None:
    """The moment; raises ValidationError outside the years that can be drawn."""
    if moment is not None and not EARLIEST <= moment <= LATEST:
        raise forms.ValidationError("The time must lie between the years 2000 and 2100.")
    return moment


def span_of_page(query: Mapping[str, str], now: datetime, default: str = DEFAULT) -> tuple[Span, SpanForm]:
    """The span a page shows and the form that says so; what is wrong stands in the form's errors, beside its field.

    `start` and `end` are epoch seconds, `range` is one of the named ones; `since` and `until`, local times as written
    in the form, come here only when they are wrong (own_span.py). What is wrong leaves the named range.
    """
    form = SpanForm(query)
    if form.is_valid():
        try:
            span = _checked(span_asked(query, now, default))
        except Invalid as refusal:
            form.add_error("until" if refusal.field == "end" else "since", refusal.detail)
        else:
            return span, form if span.name else SpanForm(initial={"since": span.start, "until": span.end})
    return span_asked({"range": query.get("range", default)}, now, default), form


def _checked(span: Span) -> Span:
    """The span; raises Invalid for one that cannot be drawn."""
    if span.end <= span.start:
        raise Invalid("bad_span", "The end must lie after the start.", field="end")
    if span.length > LONGEST:
        raise Invalid("span_too_long", "The longest span is two years.", field="start")
    return span
