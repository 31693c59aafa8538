"""Which samples are wrong, what becomes of them, and why."""

from typing import Any

from django import forms

from apps.metrics.models import MetricSeries, SampleCorrection
from apps.metrics.models.correction import CorrectionKind
from apps.metrics.selectors.correction import COLUMNS, Subject
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from apps.portal.forms.node_actions import ReasonForm

VITALS_CHOICE = "vitals"
MOST_OFFERED = 50
MOMENT = {"type": "datetime-local", "step": "1"}
MORE_SERIES = f"The first {MOST_OFFERED} by name. Others are corrected from their own page under Metrics."
WRITTEN = "%Y-%m-%dT%H:%M:%S"
OTHER_UNITS = {"cpu_per_core": "%", "uptime_seconds": "s"}
OTHER_LABELS = {"cpu_per_core": "CPU by core", "uptime_seconds": "Up for"}


def label_of(column: str) -> str:
    """A column as people read it."""
    return VITALS[column].label if column in VITALS else OTHER_LABELS.get(column, column.capitalize())


def unit_of(column: str, series: MetricSeries | None) -> str:
    """The unit of a column, empty for none."""
    if series:
        return series.unit
    return VITALS[column].unit if column in VITALS else OTHER_UNITS.get(column, "")


def series_label(series: MetricSeries) -> str:
    """A series by its name and labels."""
    labels = ", ".join(f"{name}={value}" for name, value in sorted(series.labels.items()))
    return f"{series.metric_type} {{{labels}}}" if labels else series.metric_type


def what_of(row: SampleCorrection) -> str:
    """What a correction is about, in words."""
    if row.series:
        return series_label(row.series)
    return ", ".join(label_of(name) for name in row.columns) or "all vitals"


class CorrectionForm(ReasonForm):
    """Samples of one node over a span."""

    field_order = ("what", "kind", "columns", "starts_at", "ends_at", "reason")
    what = forms.ChoiceField()
    kind = forms.ChoiceField(label="What becomes of them", choices=CorrectionKind.choices)
    columns = forms.MultipleChoiceField(
        label="Vitals to set to unknown",
        required=False,
        choices=[(name, label_of(name)) for name in COLUMNS],
        widget=forms.CheckboxSelectMultiple,
    )
    starts_at = forms.DateTimeField(label="From", widget=forms.DateTimeInput(attrs=MOMENT, format=WRITTEN))
    ends_at = forms.DateTimeField(
        label="To, not included",
        widget=forms.DateTimeInput(attrs=MOMENT, format=WRITTEN),
    )

    def __init__(self, *args: Any, node: Node, series: list[MetricSeries], what: str = "", **kwargs: Any) -> None:
        """Take the node and its series; `what` is chosen to begin with, and offered beside the first few."""
        super().__init__(*args, **kwargs)
        self.node = node
        self.series = {str(one.pk): one for one in series}
        chosen = self.data.get("what", what)
        offered = [key for number, key in enumerate(self.series) if number < MOST_OFFERED or key == chosen]
        named = [(key, series_label(self.series[key])) for key in offered]
        self.fields["what"] = forms.ChoiceField(
            label="Samples of",
            choices=[(VITALS_CHOICE, "Vitals"), *named],
            initial=what,
            help_text="" if len(offered) == len(self.series) else MORE_SERIES,
        )

    def clean(self) -> dict[str, Any]:
        """Leave the vitals out where whole samples go: their boxes are not even seen then."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("kind") == CorrectionKind.REMOVE:
            data["columns"] = []
        return data

    def subject(self) -> Subject:
        """What the valid form asks for."""
        data = self.cleaned_data
        return Subject(
            self.node,
            self.series.get(data["what"]),
            tuple(data["columns"]),
            data["kind"],
            data["starts_at"],
            data["ends_at"],
        )
