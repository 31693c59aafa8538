"""Metrics of the whole fleet: what every node says now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.paging import BadCursor
from apps.metrics.selectors.heat import PAGE_SIZE, heat_page, heat_summary
from apps.metrics.vitals import VITALS
from apps.nodes.selectors import NodeFilters
from apps.portal import heat
from apps.portal.access import require
from apps.portal.dialogs import is_fragment
from apps.portal.forms.metrics import DEFAULT_VITAL, HeatForm


@require_GET
@require(Action.METRICS_VIEW)
def fleet(request: HttpRequest) -> HttpResponse:
    """One vital of every node as colours or as a table, 600 nodes a page, with what holds for all of them."""
    form, now = HeatForm(request.GET), timezone.now()
    chosen, filters, complaints = form.chosen(), form.filters(), form.complaints()
    vital = VITALS[chosen.get("vital", DEFAULT_VITAL)]
    by_value = chosen.get("order") == "value"
    try:
        page = heat_page(filters, vital.name, request.GET.get("after"), by_value=by_value, now=now)
    except BadCursor as refusal:
        page = heat_page(filters, vital.name, None, by_value=by_value, now=now)
        complaints.append(refusal.detail)
    summary = heat_summary(filters, vital.name, now=now)
    scale = heat.scale_of(vital.label, vital.unit, summary.greatest)
    context = {"form": form, "filters": filters, "is_filtered": filters != NodeFilters(), "complaints": complaints}
    context |= {"page": page, "summary": summary, "scale": scale, "vital": vital, "by_value": by_value, "tab": "fleet"}
    context |= {"cells": [heat.cell(found, scale) for found in page.rows], "page_size": PAGE_SIZE}
    context["as_table"] = chosen.get("view") == "table"
    template = "metrics/_fleet.html" if is_fragment(request) else "metrics/fleet.html"
    return render(request, template, context, status=400 if complaints else 200)
