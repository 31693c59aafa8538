"""The numbers behind charts, as JSON: of one node, and of nodes side by side."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.errors import Invalid, PortalError
from apps.metrics.selectors.custom import series_of
from apps.metrics.selectors.query import Aggregation
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from apps.nodes.rules import is_stale
from apps.nodes.selectors import node_by_id
from apps.portal.access import require
from apps.portal.charting import ChartData, as_json, comparison, named_chart, vitals_chart
from apps.portal.markers import Marker, markers_of
from apps.portal.picked import nodes_picked
from apps.portal.spans import Span, points_for, span_asked

MOST_METRICS = 4
FRESH = {"Cache-Control": "no-store"}


@require_GET
@require(Action.METRICS_VIEW)
def node_series(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Vitals or a named series of one node, evenly spaced, null where nothing was measured, with what happened."""
    now = timezone.now()
    try:
        node, span = node_by_id(node_id), span_asked(request.GET, now)
        chart = _chart(request, node, span, now)
        markers = markers_of(node, span.start, span.end)
    except PortalError as refusal:
        return JsonResponse(refusal.as_json(), status=refusal.status)
    stale = is_stale(node.silent_after, now)
    return JsonResponse(as_json(chart, markers, is_stale=stale), headers=FRESH)


@require_GET
@require(Action.METRICS_VIEW)
def compare_series(request: HttpRequest) -> HttpResponse:
    """One vital of several nodes, a line each, with what happened to any of them."""
    now = timezone.now()
    try:
        span, nodes = span_asked(request.GET, now), nodes_picked(request.GET)
        (name,) = metrics_asked(request.GET.get("metric", ""), most=1)
        if not nodes:
            raise Invalid("no_nodes", "Name the nodes to compare.", field="nodes")
        chart = comparison(nodes, name, span, points_for(request.GET.get("width")), now)
        markers = [_named(node, marker) for node in nodes for marker in markers_of(node, span.start, span.end)]
    except PortalError as refusal:
        return JsonResponse(refusal.as_json(), status=refusal.status)
    return JsonResponse(as_json(chart, markers), headers=FRESH)


def metrics_asked(text: str, most: int = MOST_METRICS) -> list[str]:
    """The vitals an address names, separated by commas; raises Invalid when there are none or too many."""
    names = [name for name in text.split(",") if name]
    if not 1 <= len(names) <= most:
        raise Invalid("bad_metric", f"Name 1 to {most} vitals." if most > 1 else "Name one vital.", field="metric")
    if unknown := next((name for name in names if name not in VITALS), None):
        raise Invalid("unknown_metric", f"There is no vital called “{unknown[:60]}”.", field="metric")
    return names


def how_asked(text: str, kind: str = "") -> Aggregation:
    """What becomes of the samples of a series; counters are shown by their rate unless asked otherwise."""
    if not text:
        return Aggregation.RATE if kind == "counter" else Aggregation.AVG
    try:
        return Aggregation(text)
    except ValueError:
        raise Invalid("bad_aggregation", f"There is no aggregation called “{text[:40]}”.", field="how") from None


def _chart(request: HttpRequest, node: Node, span: Span, now: datetime) -> ChartData:
    """The chart an address asks for: of a series when it names one, else of vitals."""
    points, number = points_for(request.GET.get("width")), request.GET.get("series", "")
    if not number:
        return vitals_chart(node, metrics_asked(request.GET.get("metric", "")), span, points, now)
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Invalid("bad_series", "series must be the number of a series.", field="series")
    row = series_of(node, int(number))
    return named_chart(node, row, how_asked(request.GET.get("how", ""), row.kind), span, points, now)


def _named(node: Node, marker: Marker) -> Marker:
    """A marker that says whose it is."""
    return Marker(marker.at, marker.kind, f"{node.hostname}: {marker.text}", marker.url)
