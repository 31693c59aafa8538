"""The inventory: list, one node, its edit, its life."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.renderers import JSONRenderer
from apps.api.serializers.nodes import LifecycleOut, LimitQuery, NodeEdit, NodeOut, NodePageOut, NodeQuery
from apps.core.cache import Hot, remembered
from apps.core.context import because
from apps.core.errors import Invalid
from apps.metrics.selectors import fleet_page
from apps.nodes.models import Node
from apps.nodes.selectors import NodeFilters, lifecycle, node_by_id
from apps.nodes.services.editing import edit_node

FILTERS = ("status", "node_type", "text", "tag", "label", "region")

# Whatever changes a node announces it, heartbeats too; the time is the bound where that news is lost.
NODES = Hot("node", seconds=1.0, most=2000, shared_seconds=5.0)


class NodeList(PeopleView):
    """The nodes of the fleet."""

    actions = {"GET": Action.NODES_VIEW}

    @describe("List nodes", NodePageOut, tag="nodes", query=NodeQuery, refusals=READ)
    def get(self, request: Request) -> Response:
        """One page of nodes with their newest vitals; retired ones only when asked for."""
        asked = self.query(NodeQuery)
        draining = {"true": True, "false": False}.get(asked.get("draining", ""))
        filters = NodeFilters(**{name: asked.get(name, "") for name in FILTERS}, draining=draining)
        page = fleet_page(filters, asked["sort"], asked.get("after"), now=self.now, limit=asked["limit"])
        rows = NodeOut([row.node for row in page.rows], many=True, context={"now": self.now}).data
        return Response({"results": rows, "next": page.next_cursor, "previous": page.previous_cursor})


class NodeDetail(PeopleView):
    """One node."""

    actions = {"GET": Action.NODES_VIEW, "PATCH": Action.NODES_EDIT}

    @describe("Show a node", NodeOut, tag="nodes")
    def get(self, request: Request, node_id: UUID) -> HttpResponse:
        """A node with its newest vitals."""
        body = remembered(NODES, f"node:{node_id}", lambda: _body(node_by_id(node_id), self.now))
        return HttpResponse(body, content_type=JSONRenderer.media_type)

    @describe("Edit a node", NodeOut, tag="nodes", body=NodeEdit, refusals=WRITE)
    def patch(self, request: Request, node_id: UUID) -> Response:
        """Write the fields given and leave the others; unknown and read-only fields are refused."""
        node = node_by_id(node_id)
        changes = self.body(NodeEdit)
        reason = changes.pop("reason", "")
        if not changes:
            raise Invalid("nothing_to_change", "Name at least one field to change.")
        with because(reason):
            return node_answer(self, edit_node(node=node, changes=changes))


class NodeLifecycle(PeopleView):
    """What happened to a node."""

    actions = {"GET": Action.NODES_VIEW}

    @describe("List a node's life", LifecycleOut(many=True), tag="nodes", query=LimitQuery)  # type: ignore[arg-type]
    def get(self, request: Request, node_id: UUID) -> Response:
        """The newest changes of state, newest first."""
        asked = self.query(LimitQuery)
        rows: list[Any] = lifecycle(node_by_id(node_id), asked["limit"])
        return Response(LifecycleOut(rows, many=True).data)


def node_answer(view: PeopleView, node: Node, status: int = 200) -> Response:
    """Return the answer that shows a node."""
    return Response(NodeOut(node, context={"now": view.now}).data, status=status)


def _body(node: Node, now: datetime) -> bytes:
    """Return the body of the answer that shows a node."""
    return JSONRenderer().render(NodeOut(node, context={"now": now}).data)
