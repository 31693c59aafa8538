"""The whole fleet's newest vitals in one answer, for programs that watch it all."""

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import READ, describe
from apps.api.serializers.metrics import FleetLatestOut
from apps.core.cache import Hot, remembered
from apps.metrics.selectors.fleet_latest import fleet_latest

# A wall of screens asks for the same; nodes report every ten seconds.
FLEET = Hot("fleet", seconds=1.0, most=8)


class FleetLatest(PeopleView):
    """Every visible node's newest vitals."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Read the newest vitals of all nodes", FleetLatestOut, tag="metrics", refusals=READ)
    def get(self, request: Request) -> HttpResponse:
        """One row per node, values in the order of `columns`; null where a vital is not reported. Up to 1 s old."""
        return HttpResponse(remembered(FLEET, "fleet:latest", fleet_latest), content_type="application/json")
