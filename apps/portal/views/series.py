"""The numbers behind a chart, as JSON."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.errors import Invalid, PortalError
from apps.metrics.selectors import Series, series
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node, NodeLifecycleLog
from apps.nodes.selectors import lifecycle_between, node_by_id
from apps.portal.access import require
from apps.portal.spans import Span, points_for, span_asked

MOST_METRICS = 4


@require_GET
@require(Action.METRICS_VIEW)
def node_series(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Vitals of one node over a span, evenly spaced, null where nothing was measured, with what happened meanwhile."""
    try:
        node = node_by_id(node_id)
        span = span_asked(request.GET, timezone.now())
        names = metrics_asked(request.GET.get("metric", ""))
        found = [series(node, name, span.start, span.end, points_for(request.GET.get("width"))) for name in names]
    except PortalError as refusal:
        return JsonResponse(refusal.as_json(), status=refusal.status)
    return JsonResponse(as_json(node, span, found), headers={"Cache-Control": "no-store"})


def metrics_asked(text: str) -> list[str]:
    """The vitals an address names, separated by commas; raises Invalid when there are none or too many."""
    names = [name for name in text.split(",") if name]
    if not 1 <= len(names) <= MOST_METRICS:
        raise Invalid("bad_metric", f"Name 1 to {MOST_METRICS} vitals.", field="metric")
    return names


def as_json(node: Node, span: Span, found: list[Series]) -> dict[str, Any]:
    """Columns as the chart library takes them: one list of times, then lists of values."""
    return {
        "start": span.start.timestamp(),
        "end": span.end.timestamp(),
        "source": found[0].source,
        "step_seconds": found[0].step_seconds,
        "at": [point.at.timestamp() for point in found[0].points],
        "series": [line(one) for one in found],
        "markers": [marker(event) for event in lifecycle_between(node, span.start, span.end)],
    }


def line(one: Series) -> dict[str, Any]:
    """One vital's values."""
    return {
        "metric": one.metric,
        "label": VITALS[one.metric].label,
        "unit": one.unit,
        "avg": [rounded(point.avg) for point in one.points],
        "min": [rounded(point.minimum) for point in one.points],
        "max": [rounded(point.maximum) for point in one.points],
    }


def rounded(value: float | None) -> float | None:
    """Four digits after the point are more than any sensor knows."""
    return None if value is None else round(value, 4)


def marker(event: NodeLifecycleLog) -> dict[str, Any]:
    """A moment at which the node's state changed."""
    return {"at": event.timestamp.timestamp(), "kind": event.event_type, "text": event.get_event_type_display()}
