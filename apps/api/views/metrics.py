"""Numbers: built as plain values, since serializers cost more than the queries."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import READ, describe
from apps.api.serializers.metrics import FleetOut, ProcessListOut, SeriesOut, SeriesQuery, VitalOut
from apps.api.serializers.nodes import VITALS, LatestOut
from apps.core.errors import NotFound
from apps.metrics.models import NodeLatest
from apps.metrics.queries import Query, Selector
from apps.metrics.selectors import fleet_now, latest_of, processes_of
from apps.metrics.selectors.query import run
from apps.metrics.vitals import VITALS as CATALOGUE
from apps.nodes.selectors import node_by_id, status_counts

HOUR = timedelta(hours=1)
PROCESS_COLUMNS = ("pid", "name", "username", "cpu_percent", "memory_percent", "rss_mb", "status", "command")


class NodeMetrics(PeopleView):
    """One vital of a node over time."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Read a vital over time", SeriesOut, tag="metrics", query=SeriesQuery)
    def get(self, request: Request, node_id: UUID) -> Response:
        """Evenly spaced points; gaps are null."""
        node, asked = node_by_id(node_id), self.query(SeriesQuery)
        end = asked.get("end") or (asked["start"] + HOUR if "start" in asked else self.now)
        start = asked.get("start") or end - HOUR
        of_node = Selector(nodes=(node.pk,))
        query = Query(asked["metric"], start, end, of_node, max_points=asked["max_points"], band=True)
        found = run(query, self.now, is_last=True)
        (drawn,) = found.series
        points = [{"at": p.at, "avg": p.value, "min": p.minimum, "max": p.maximum} for p in drawn.points]
        head = {"metric": drawn.metric, "unit": drawn.unit, "source": found.source}
        return Response({**head, "step_seconds": found.step_seconds, "points": points})


class NodeLatestVitals(PeopleView):
    """The newest vitals of a node."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Read a node's newest vitals", LatestOut, tag="metrics")
    def get(self, request: Request, node_id: UUID) -> Response:
        """404 `no_vitals` for a node that never sent any."""
        node = node_by_id(node_id)
        found = latest_of([node.pk]).get(node.pk)
        if found is None:
            raise NotFound("no_vitals", "This node has not sent any vitals yet.")
        return Response(_columns(found))


class NodeProcesses(PeopleView):
    """The top processes of a node."""

    actions = {"GET": Action.PROCESSES_VIEW}

    @describe("List a node's processes", ProcessListOut, tag="metrics")
    def get(self, request: Request, node_id: UUID) -> Response:
        """As its agent saw them last."""
        found = processes_of(node_by_id(node_id))
        rows = [{name: getattr(row, name) for name in PROCESS_COLUMNS} for row in found.rows]
        return Response({"at": found.at, "processes": rows})


class Vitals(PeopleView):
    """The catalogue of vitals."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("List vitals", VitalOut(many=True), tag="metrics", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """Names, units and how they are drawn."""
        return Response(
            [{"name": v.name, "unit": v.unit, "label": v.label, "kind": v.kind} for v in CATALOGUE.values()]
        )


class Fleet(PeopleView):
    """The whole fleet at this moment."""

    actions = {"GET": Action.OVERVIEW_VIEW}

    @describe("Read the fleet's present", FleetOut, tag="metrics", refusals=READ)
    def get(self, request: Request) -> Response:
        """Figures over nodes in contact, and one cell per node."""
        return Response({**asdict(fleet_now(now=self.now)), "statuses": status_counts()})


def _columns(latest: NodeLatest) -> dict[str, Any]:
    """Return a node's newest vitals as plain values."""
    return {name: getattr(latest, name) for name in ("at", "received_at", *VITALS)}
