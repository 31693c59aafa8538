"""Everything one node measures, and the history of one metric as a chart and as a table."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.errors import Invalid
from apps.metrics.models import MetricSeries
from apps.metrics.selectors.custom import custom_metrics_of, series_of
from apps.metrics.selectors.query import Selector
from apps.nodes.models import Node
from apps.nodes.selectors import node_by_id
from apps.portal.access import require
from apps.portal.charting import ChartData, named_chart, vitals_chart
from apps.portal.forms.metrics import DEFAULT_VITAL, WORDS, NodeMetricForm
from apps.portal.forms.spans import span_of_page
from apps.portal.own_span import in_epoch_seconds
from apps.portal.ranked import csv_of
from apps.portal.spans import RANGES, Span, first_range
from apps.portal.tiers import is_daily
from apps.portal.tiles import Chart, chart_of
from apps.portal.views.series import how_asked

ROWS = 60
LISTED = 100


@require_GET
@require(Action.METRICS_VIEW)
@in_epoch_seconds
def node_metrics(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """One metric of a node over a span, and the list of all its named metrics to choose from."""
    node, now, form = node_by_id(node_id), timezone.now(), NodeMetricForm(request.GET)
    default = first_range(node.created_at, now)
    span, span_form = span_of_page(request.GET, now, default)
    chosen = form.chosen()
    row = series_of(node, chosen["series"]) if "series" in chosen else None
    context = {"node": node, "tab": "metrics", "form": form, "row": row, "ranges": RANGES, "default_range": default}
    context |= {"span": span, "span_form": span_form, "custom": custom_metrics_of(node, LISTED, chosen.get("q", ""))}
    asked = row.metric_type if row else chosen.get("metric", DEFAULT_VITAL)
    context["csv"] = csv_of(asked, span, Selector(nodes=(node.pk,)), row.pk if row else None)
    context |= {"listed": LISTED, "complaints": form.complaints()}
    try:
        context |= _of_series(node, row, chosen, span, now) if row else _of_vital(node, chosen, span, now)
    except Invalid as refusal:
        form.add_error("how" if row else "metric", refusal.detail)
    bad = bool(form.errors or span_form.errors)
    return render(request, "nodes/metrics.html", context, status=400 if bad else 200)


def _of_vital(node: Node, chosen: dict[str, Any], span: Span, now: datetime) -> dict[str, Any]:
    """The chart of a vital and its table."""
    chart = chart_of(chosen.get("metric", DEFAULT_VITAL))
    data = vitals_chart(node, chart.metrics, span, ROWS, now)
    return {"chart": chart, **_shown(data), "series_url": resolve_url("nodes:series", node.pk)}


def _of_series(node: Node, row: MetricSeries, chosen: dict[str, Any], span: Span, now: datetime) -> dict[str, Any]:
    """The chart of a named series and its table."""
    how = how_asked(chosen.get("how", ""), row.kind)
    data = named_chart(node, row, how, span, ROWS, now)
    chart = Chart(row.metric_type, (row.metric_type,), name=f"series-{row.pk}", own_unit=data.lines[0].unit)
    address = f"{resolve_url('nodes:series', node.pk)}?series={row.pk}&how={how}"
    return {"chart": chart, **_shown(data), "series_url": address, "how": how, "words": WORDS}


def _shown(data: ChartData) -> dict[str, Any]:
    """A chart's data, and the same as a table."""
    return {"data": data, "table": table_of(data), "days": is_daily(data.step_seconds)}


def table_of(data: ChartData) -> list[tuple[datetime, float, float | None, float | None, float | None]]:
    """The steps in which something was measured, newest first: time, value, least, greatest, 95th percentile."""
    (line, *_), nothing = data.lines, [None] * len(data.at)
    columns = zip(data.at, line.avg, line.min, line.max, line.p95 or nothing, strict=True)
    return [(at, value, least, most, p95) for at, value, least, most, p95 in columns if value is not None][::-1]
