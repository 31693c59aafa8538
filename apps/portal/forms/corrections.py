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
MOMENT = {"type": "datetime-local", "step": "1", "class": "wide"}
WRITTEN = "%Y-%m-%dT%H:%M:%S"
OTHER_LABELS = {"cpu_per_core": "CPU by core", "uptime_seconds": "Up for"}


def label_of(column: str) -> str:
    """A column as people read it."""
    return VITALS[column].label if column in VITALS else OTHER_LABELS.get(column, column.capitalize())


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
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Only for “unknown”: removing takes whole samples.",
    )
    starts_at = forms.DateTimeField(label="From", widget=forms.DateTimeInput(attrs=MOMENT, format=WRITTEN))
    ends_at = forms.DateTimeField(
        label="To, not included",
        widget=forms.DateTimeInput(attrs=MOMENT, format=WRITTEN),
    )

    def __init__(self, *args: Any, node: Node, series: list[MetricSeries], **kwargs: Any) -> None:
        """Take the node and its series."""
        super().__init__(*args, **kwargs)
        self.node = node
        self.series = {str(one.pk): one for one in series}
        named = [(key, series_label(one)) for key, one in self.series.items()]
        self.fields["what"] = forms.ChoiceField(label="Samples of", choices=[(VITALS_CHOICE, "Vitals"), *named])

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
