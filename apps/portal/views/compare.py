"""Two to four nodes side by side over the same span."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.errors import Invalid
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from apps.portal.access import require
from apps.portal.dialogs import is_fragment
from apps.portal.forms.metrics import CompareForm
from apps.portal.forms.spans import span_of_page
from apps.portal.own_span import in_epoch_seconds
from apps.portal.picked import MOST, NUMBERS, candidates, ids_asked, nodes_picked, numbers, query_of
from apps.portal.spans import DEFAULT, RANGES, Span
from apps.portal.tiles import chart_of

SHOWN = ("cpu_percent", "ram_percent", "disk_percent", "net_recv_mb_s", "net_sent_mb_s", "load_1m")


@dataclass(frozen=True, slots=True)
class Pick:
    """A node with the address that adds it to those picked, or takes it away."""

    node: Node
    query: str


@require_GET
@require(Action.METRICS_VIEW)
@in_epoch_seconds
def compare(request: HttpRequest) -> HttpResponse:
    """One chart per vital with a line per node, the numbers of one vital as a table, and a search for more nodes."""
    form, now, complaints, nodes, is_more = CompareForm(request.GET), timezone.now(), [], [], False
    try:
        nodes, is_more = nodes_picked(request.GET), len(ids_asked(request.GET)) > MOST
    except Invalid as refusal:
        complaints.append(refusal.detail)
    span, span_form = span_of_page(request.GET, now)
    vital, rest = VITALS[form.vital()], {"metric": form.vital(), **span.query}
    context = {"nodes": nodes, "form": form, "vital": vital, "most": MOST, "is_more": is_more, "tab": "compare"}
    context["hits"] = _hits(form, nodes, rest)
    if is_fragment(request):
        return render(request, "metrics/_hits.html", context)
    context |= {"span": span, "span_form": span_form, "ranges": RANGES, "default_range": DEFAULT}
    context |= _side_by_side(nodes, vital.name, span, now) if len(nodes) > 1 else {}
    context["picked"] = [Pick(node, query_of([n for n in nodes if n != node], **rest)) for node in nodes]
    complaints += form.complaints()
    context |= {"complaints": complaints, "here": query_of(nodes, **span.query)}
    return render(request, "metrics/compare.html", context, status=400 if complaints or span_form.errors else 200)


def _hits(form: CompareForm, nodes: list[Node], rest: dict[str, str]) -> list[Pick]:
    """Nodes that could be added: those searched for, the first by name while a second one is missing."""
    text = form.chosen().get("q", "")
    if len(nodes) >= MOST or (len(nodes) > 1 and not text):
        return []
    return [Pick(node, query_of([*nodes, node], **rest)) for node in candidates(text, nodes)]


def _side_by_side(nodes: list[Node], metric: str, span: Span, now: datetime) -> dict[str, object]:
    """The chosen vital first, the others after it, and the numbers of the chosen one."""
    return {
        "chosen": chart_of(metric),
        "charts": [chart_of(name) for name in SHOWN if name != metric],
        "numbers": numbers(nodes, metric, span, now),
        "columns": NUMBERS.values(),
        "series_url": f"{resolve_url('metrics:compare-series')}?{query_of(nodes)}",
    }
