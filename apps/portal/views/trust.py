"""Whether the figures of a node can be trusted: clock, gaps, backlog, refusals, version."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.metrics.selectors.trust import NodeTrust, trust_of
from apps.nodes.selectors import node_by_id
from apps.portal.access import require
from apps.portal.trust_words import PROTOCOLS, REFUSED, REJECTED, TOLERATED, advised


@require_GET
@require(Action.METRICS_VIEW)
def node_trust(request: HttpRequest, node_id: UUID) -> HttpResponse:
    """Fourteen days of counts, the gaps of the last day, and what every code of a refusal means."""
    now = timezone.now()
    trust = trust_of(node_by_id(node_id), now=now)
    return render(request, "nodes/trust.html", {**context_of(trust), "tab": "trust", "now": now})


def context_of(trust: NodeTrust) -> dict[str, Any]:
    """What page and panel show."""
    rows = [one.row for one in trust.days if one.row]
    return {
        "node": trust.node,
        "trust": trust,
        "rejected": advised(trust.rejected_codes, REJECTED),
        "refused": advised(trust.refused_codes, REFUSED),
        "tolerated": advised(trust.tolerated, {}, TOLERATED),
        "late_by": max((row.late_seconds_max for row in rows if row.late_seconds_max is not None), default=None),
        "protocols": [(PROTOCOLS.get(name, name), requests) for name, requests in trust.protocols.items()],
        "most": max((row.accepted for row in rows), default=0),
        "most_bad": max((row.rejected for row in rows), default=0),
    }
