"""What every page knows: who looks, what they may do, their zone, the clock, and the way around."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.permissions import Action, allowed
from apps.portal.troubles import lookout, own_troubles


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    place: str
    label: str
    icon: str
    url: str
    is_current: bool


PLACES = (
    ("overview", "Overview", "layout-dashboard", "overview", Action.OVERVIEW_VIEW),
    ("nodes", "Nodes", "server", "nodes:list", Action.NODES_VIEW),
    ("metrics", "Metrics", "chart-line", "metrics:fleet", Action.METRICS_VIEW),
    ("people", "People", "users", "people:list", Action.USERS_VIEW),
    ("audit", "Audit", "history", "audit:list", Action.AUDIT_VIEW),
    ("settings", "Settings", "settings", "settings:retention", Action.RETENTION_EDIT),
)


def place_of(request: HttpRequest) -> str:
    """The navigation entry that the current address belongs to; empty where there is none."""
    first = request.path_info.strip("/").partition("/")[0]
    return {"": "overview"}.get(first, first)


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context processor; asks the database nothing."""
    may, place, now = allowed(request.user), place_of(request), timezone.now()
    return {
        "allowed": may,
        "now": now,
        "known_troubles": lookout.known(now) + own_troubles(request, now),
        "zone": getattr(request.user, "time_zone", "") or "UTC",
        "place": place,
        "navigation": [
            Place(name, label, icon, reverse(view), name == place)
            for name, label, icon, view, action in PLACES
            if action in may
        ],
    }
