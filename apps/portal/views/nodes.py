"""The node list and the pages of one node."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.paging import BadCursor
from apps.metrics.selectors import custom_metrics_of, fleet_page, latest_of, processes_of
from apps.nodes.rules import is_stale
from apps.nodes.selectors import NodeFilters, lifecycle, node_by_id, resources_of, status_counts
from apps.portal.access import require
from apps.portal.forms.filters import NodeFilterForm
from apps.portal.process_order import in_order
from apps.portal.spans import RANGES, first_range, span_asked
from apps.portal.tiles import charts_for, tiles_of

DEFAULT_SORT = "hostname"


def filters_of(form: NodeFilterForm) -> NodeFilters:
    """What the valid part of an address asks for."""
    chosen = form.chosen()
    return NodeFilters(
        status=chosen.get("status", ""),
        node_type=chosen.get("type", ""),
        text=chosen.get("q", ""),
        tag=chosen.get("tag", ""),
        label=chosen.get("label", ""),
        region=chosen.get("region", ""),
        draining=chosen.get("draining"),
    )


@require_GET
@require(Action.NODES_VIEW)
def node_list(request: HttpRequest) -> HttpResponse:
    """The fleet, 50 at a time; a damaged address shows the first page and says what was wrong."""
    form, now = NodeFilterForm(request.GET), timezone.now()
    filters, sort, complaints = filters_of(form), form.chosen().get("sort", DEFAULT_SORT), form.complaints()
    try:
        page = fleet_page(filters, sort, request.GET.get("after"), now=now)
    except BadCursor as refusal:
        page = fleet_page(filters, sort, None, now=now)
        complaints.append(refusal.detail)
    context = {"form": form, "filters": filters, "sort": sort, "page": page, "now": now}
    context |= {"counts": status_counts(), "complaints": complaints, "is_filtered": filters != NodeFilters()}
    template = "nodes/_list.html" if "HX-Request" in request.headers else "nodes/list.html"
    return render(request, template, context, status=400 if complaints else 200)


@require_GET
@require(Action.NODES_VIEW)
def node_detail(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Who a node is, how it feels now, and how it felt."""
    node, now = node_by_id(node_id), timezone.now()
    latest = latest_of([node.pk]).get(node.pk)
    context = {
        "node": node,
        "latest": latest,
        "tiles": tiles_of(latest),
        "is_stale": is_stale(node.silent_after, now),
        "charts": charts_for(node, latest),
        "ranges": RANGES,
        "span": span_asked(request.GET, now, first_range(node.created_at, now)),
        "resources": resources_of(node),
        "events": lifecycle(node, 8),
        "custom": custom_metrics_of(node, 30),
        "tab": "now",
    }
    return render(request, "nodes/detail.html", context)


@require_GET
@require(Action.NODES_VIEW)
def node_now(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """The live part of the node page: state, freshness, vitals, cores."""
    node = node_by_id(node_id)
    latest = latest_of([node.pk]).get(node.pk)
    stale = is_stale(node.silent_after, timezone.now())
    context = {"node": node, "latest": latest, "tiles": tiles_of(latest), "is_stale": stale}
    return render(request, "nodes/_now.html", context)


@require_GET
@require(Action.PROCESSES_VIEW)
def node_processes(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """The busiest processes of a node at the newest snapshot."""
    node = node_by_id(node_id)
    found = processes_of(node)
    rows, sort = in_order(found.rows, request.GET.get("sort", ""))
    context = {"node": node, "at": found.at, "rows": rows, "sort": sort, "tab": "processes"}
    template = "nodes/_processes.html" if "HX-Request" in request.headers else "nodes/processes.html"
    return render(request, template, context)


@require_GET
@require(Action.NODES_VIEW)
def node_lifecycle(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Every change in a node's life, newest first."""
    node = node_by_id(node_id)
    context = {"node": node, "events": lifecycle(node, 200), "tab": "lifecycle"}
    return render(request, "nodes/lifecycle.html", context)
