"""What is done to a node: one address per verb."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import WRITE, describe
from apps.api.serializers.nodes import DrainIn, NodeOut, Nothing, RetireIn
from apps.api.views.nodes import node_answer
from apps.nodes.selectors import node_by_id
from apps.nodes.services import approve_node, drain_node, retire_node, return_node


class NodeApprove(PeopleView):
    """Approval."""

    actions = {"POST": Action.NODES_APPROVE}

    @describe("Approve a pending node", NodeOut, tag="nodes", refusals=WRITE)
    def post(self, request: Request, node_id: UUID) -> Response:
        """Let a pending node in."""
        self.body(Nothing)
        return node_answer(self, approve_node(node=node_by_id(node_id), now=self.now))


class NodeDrain(PeopleView):
    """The beginning of a drain."""

    actions = {"POST": Action.NODES_DRAIN}

    @describe("Drain a node", NodeOut, tag="nodes", body=DrainIn, refusals=WRITE)
    def post(self, request: Request, node_id: UUID) -> Response:
        """Ask that no new work goes to a node."""
        node, asked = node_by_id(node_id), self.body(DrainIn)
        return node_answer(self, drain_node(node=node, reason=asked["reason"], until=asked.get("until"), now=self.now))


class NodeReturn(PeopleView):
    """The end of a drain."""

    actions = {"POST": Action.NODES_DRAIN}

    @describe("Return a node to service", NodeOut, tag="nodes", refusals=WRITE)
    def post(self, request: Request, node_id: UUID) -> Response:
        """End a drain."""
        self.body(Nothing)
        return node_answer(self, return_node(node=node_by_id(node_id), now=self.now))


class NodeRetire(PeopleView):
    """The end of a node."""

    actions = {"POST": Action.NODES_RETIRE}

    @describe("Retire a node", NodeOut, tag="nodes", body=RetireIn, refusals=WRITE)
    def post(self, request: Request, node_id: UUID) -> Response:
        """Take a node out of service for good: its keys end, its history stays."""
        node, asked = node_by_id(node_id), self.body(RetireIn)
        return node_answer(self, retire_node(node=node, reason=asked["reason"], now=self.now))
