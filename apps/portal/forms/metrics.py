"""What the pages of metrics can be asked for."""

from typing import Any

from django import forms

from apps.metrics.selectors.query import Aggregation, Selector
from apps.metrics.vitals import VITALS
from apps.portal.forms.filters import FilterForm, NodeFilterForm

VITAL_CHOICES = [(name, f"{vital.label}{f' ({vital.unit})' if vital.unit else ''}") for name, vital in VITALS.items()]
DEFAULT_VITAL = "cpu_percent"
WORDS = {
    Aggregation.AVG: "Average",
    Aggregation.MAX: "Greatest",
    Aggregation.MIN: "Least",
    Aggregation.P95: "95th percentile",
    Aggregation.RATE: "Rate per second",
    Aggregation.LAST: "Last",
}
RANKED = (Aggregation.AVG, Aggregation.MAX, Aggregation.P95)


class HeatForm(NodeFilterForm):
    """The heat map of the fleet: which nodes, which vital, how it is laid out."""

    vital = forms.ChoiceField(label="Vital", required=False, choices=VITAL_CHOICES)
    order = forms.ChoiceField(label="Order", required=False, choices=[("name", "By name"), ("value", "Busiest first")])
    view = forms.ChoiceField(label="View", required=False, choices=[("map", "Map"), ("table", "Table")])


class WindowForm(NodeFilterForm):
    """Nodes ranked by one metric over a window."""

    q = draining = sort = None  # type: ignore[assignment]
    metric = forms.CharField(
        label="Metric", required=False, max_length=100, widget=forms.TextInput(attrs={"list": "metric-names"})
    )
    how = forms.ChoiceField(
        label="By", required=False, choices=[(how, WORDS[how]) for how in (*RANKED, Aggregation.RATE)]
    )
    top = forms.TypedChoiceField(
        label="How many", required=False, coerce=int, choices=[(n, str(n)) for n in (10, 20, 50, 100)], empty_value=""
    )

    def selector(self) -> Selector:
        """Which nodes the valid part of an address asks for."""
        found = self.filters()
        name, _, value = found.label.partition("=")
        return Selector(
            tags=(found.tag,) if found.tag else (),
            labels={name: value} if name else {},
            node_type=found.node_type,
            status=found.status,
            region=found.region,
        )


class MapForm(WindowForm):
    """Nodes by time: vitals only, few enough rows to be read."""

    metric = forms.ChoiceField(label="Vital", required=False, choices=VITAL_CHOICES)  # type: ignore[assignment]
    how = forms.ChoiceField(label="By", required=False, choices=[(how, WORDS[how]) for how in RANKED])
    top = forms.TypedChoiceField(
        label="How many", required=False, coerce=int, choices=[(n, str(n)) for n in (10, 20, 50)], empty_value=""
    )


class NodeMetricForm(FilterForm):
    """One metric of one node: a vital or a named series, and what becomes of its samples."""

    metric = forms.ChoiceField(label="Vital", required=False, choices=VITAL_CHOICES)
    series = forms.IntegerField(label="Series", required=False, min_value=1, max_value=2**31 - 1)
    how = forms.ChoiceField(label="Shown as", required=False, choices=list(WORDS.items()))
    q = forms.CharField(label="Search metrics", required=False, max_length=100)


class CompareForm(FilterForm):
    """Nodes side by side; `nodes` is read by the view."""

    metric = forms.ChoiceField(label="Vital", required=False, choices=VITAL_CHOICES)
    q = forms.CharField(label="Find a node", required=False, max_length=200)

    def vital(self) -> str:
        """The vital whose numbers are shown."""
        found: dict[str, Any] = self.chosen()
        return str(found.get("metric", DEFAULT_VITAL))
