"""The node list and the pages of one node."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.paging import BadCursor
from apps.metrics.selectors import custom_metrics_of, fleet_page, latest_of, processes_of
from apps.metrics.selectors.trust import trust_of
from apps.nodes.rules import is_stale
from apps.nodes.selectors import NodeFilters, lifecycle, node_by_id, resources_of, status_counts
from apps.portal.access import require
from apps.portal.forms.filters import NodeFilterForm
from apps.portal.forms.spans import span_of_page
from apps.portal.own_span import in_epoch_seconds
from apps.portal.process_order import in_order
from apps.portal.spans import RANGES, first_range
from apps.portal.tiles import charts_for, tiles_of
from apps.portal.views.trust import context_of

DEFAULT_SORT = "hostname"


@require_GET
@require(Action.NODES_VIEW)
def node_list(request: HttpRequest) -> HttpResponse:
    """The fleet, 50 at a time; a damaged address shows the first page and says what was wrong."""
    form, now = NodeFilterForm(request.GET), timezone.now()
    filters, sort, complaints = form.filters(), form.chosen().get("sort", DEFAULT_SORT), form.complaints()
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
@in_epoch_seconds
def node_detail(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Who a node is, how it feels now, and how it felt."""
    node, now = node_by_id(node_id), timezone.now()
    latest = latest_of([node.pk]).get(node.pk)
    default = first_range(node.created_at, now)
    span, span_form = span_of_page(request.GET, now, default)
    context = {
        "node": node,
        "latest": latest,
        "tiles": tiles_of(latest),
        "is_stale": is_stale(node.silent_after, now),
        "charts": charts_for(node, latest),
        "series_url": resolve_url("nodes:series", node.pk),
        "ranges": RANGES,
        "default_range": default,
        "span": span,
        "span_form": span_form,
        "resources": resources_of(node),
        "events": lifecycle(node, 8),
        "custom": custom_metrics_of(node, 30),
        **context_of(trust_of(node, now=now)),
        "tab": "now",
    }
    return render(request, "nodes/detail.html", context, status=400 if span_form.errors else 200)


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
