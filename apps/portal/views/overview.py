"""The first page: the fleet at a glance, and the banner that every page shows in trouble."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.metrics.selectors import fleet_now
from apps.metrics.selectors.trust import skewed_nodes
from apps.nodes.models import NodeStatus
from apps.nodes.selectors import needing_attention, recent_lifecycle, status_counts
from apps.portal import heat
from apps.portal.access import require
from apps.portal.troubles import lookout, own_troubles


@require_GET
@require(Action.OVERVIEW_VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Nodes by state, capacity now, what needs a person, the heat map, and what changed last."""
    now = timezone.now()
    fleet, counts = fleet_now(now=now), status_counts()
    context = {
        "now": now,
        "fleet": fleet,
        "cells": [heat.load_cell(cell) for cell in fleet.cells],
        "counts": counts,
        "total": sum(counts.values()) - counts[NodeStatus.RETIRED],
        "silent": [c for c in fleet.cells if c.is_stale and c.status == NodeStatus.ACTIVE],
        "waiting": needing_attention(8),
        "skewed": skewed_nodes(),
        "changes": recent_lifecycle(12),
    }
    template = "overview/_fleet.html" if "HX-Request" in request.headers else "overview/page.html"
    return render(request, template, context)


@require_GET
@require(Action.OVERVIEW_VIEW)
def health_banner(request: HttpRequest) -> HttpResponse:
    """What is paused, as banners; nothing when all is well."""
    now = timezone.now()
    return render(request, "parts/_health.html", {"troubles": lookout.look(now) + own_troubles(request, now)})
