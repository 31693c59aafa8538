"""Whether the figures of a node can be trusted, for programs."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import describe
from apps.api.serializers.trust import COUNTS, SPOOL, TrustOut
from apps.metrics.models import IngestTrust
from apps.metrics.selectors.trust import Coverage, TrustDay, trust_of
from apps.nodes.selectors import node_by_id


class NodeTrust(PeopleView):
    """Clock, gaps, backlog, refusals and version of a node."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Read how far a node can be trusted", TrustOut, tag="metrics")
    def get(self, request: Request, node_id: UUID) -> Response:
        """Counts of 14 UTC days, newest first; the gaps are those of the last 24 hours, longest first."""
        found = trust_of(node_by_id(node_id), now=self.now)
        return Response(
            {
                "clock": found.clock,
                "clock_skew_seconds": found.node.clock_skew_seconds,
                "agent_version": found.node.agent_version,
                "newest_version": found.newest_version,
                "is_outdated": found.is_outdated,
                "coverage": _coverage(found.coverage),
                "spool": _spool(found.spool),
                "days": [_day(one) for one in found.days],
            }
        )


def _coverage(coverage: Coverage) -> dict[str, Any]:
    """Return how completely the node reported."""
    names = ("since", "until", "cadence_seconds", "samples", "gap_count", "missing_seconds", "percent")
    gaps = [{"starts": gap.starts, "ends": gap.ends} for gap in coverage.gaps]
    return {**{name: getattr(coverage, name) for name in names}, "gaps": gaps}


def _spool(row: IngestTrust | None) -> dict[str, Any] | None:
    """Return what the agent last told of its spool."""
    return {name: getattr(row, f"spool_{name}") for name in SPOOL} if row else None


def _day(one: TrustDay) -> dict[str, Any]:
    """Return one day; without counts where nothing came."""
    return {"day": one.day, "counts": {name: getattr(one.row, name) for name in COUNTS} if one.row else None}
