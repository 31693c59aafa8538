"""What agents ask of the web process: enrolment, configuration, a new key, results of commands."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import bearer_token
from apps.api.base import AgentView, View
from apps.api.describe import describe
from apps.api.serializers.agents import AgentKeyOut, CommandResultIn, EnrolIn, EnrolOut, ServerTimeOut
from apps.api.serializers.nodes import Nothing
from apps.core.errors import Unauthenticated
from apps.nodes.models import Node
from apps.nodes.services import MachineFacts, enroll_node, rotate_key
from apps.nodes.services.commands import finish_command

ENROL_REFUSALS = (400, 401, 409, 413, 415, 503)
AGENT_REFUSALS = (401, 403, 503)


class Enrol(View):
    """The one call that takes an enrolment token instead of a key."""

    authentication_classes = ()
    permission_classes = ()

    @describe(
        "Enrol a machine", EnrolOut, tag="agents", status=201, body=EnrolIn, refusals=ENROL_REFUSALS, auth="token"
    )
    def post(self, request: Request) -> Response:
        """Register a machine, or the same one again; its key is in this answer only."""
        token = bearer_token(request)
        if not token:
            raise Unauthenticated("invalid_token", "Send the enrolment token as a Bearer token.")
        machine = MachineFacts(**self.body(EnrolIn))
        made = enroll_node(token=token, machine=machine, now=self.now)
        return Response(
            {
                "node_id": made.node.pk,
                "key": made.key_text,
                "status": made.node.status,
                "config": agent_config(made.node),
                "ingest_url": settings.OMEGA.ingest_public_url,
                "server_time": self.now,
            },
            status=201,
        )


class AgentConfig(AgentView):
    """The configuration a node is to use."""

    scope = "config:read"

    @describe("Fetch the configuration", None, tag="agents", status=204, refusals=AGENT_REFUSALS, auth="agent")
    def get(self, request: Request) -> Response:
        """204 as long as nobody wrote a configuration for this node."""
        return Response(status=204)


class AgentKeyRotate(AgentView):
    """A new key for the agent that asks."""

    scope = "key:rotate"

    @describe(
        "Rotate the agent's own key", AgentKeyOut, tag="agents", status=201,
        refusals=(400, 401, 403, 409, 413, 415, 503), auth="agent",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """The new key is in this answer only; the old one lives on for the overlap."""
        self.body(Nothing)
        caller = self.caller
        made = rotate_key(node=caller.node, old_key=caller.key, now=self.now)
        caller.key.refresh_from_db(fields=["expires_at"])
        content: dict[str, Any] = {"key_id": made.row.key_id, "key": made.text, "server_time": self.now}
        return Response({**content, "old_key_expires_at": caller.key.expires_at}, status=201)


class AgentCommandResult(AgentView):
    """How a command ended."""

    scope = "commands"

    @describe(
        "Report a command's result", ServerTimeOut, tag="agents", body=CommandResultIn,
        refusals=(400, 401, 403, 404, 413, 415, 503), auth="agent",
    )  # fmt: skip
    def post(self, request: Request, command_id: UUID) -> Response:
        """The first result is kept; the same call again changes nothing."""
        result = self.body(CommandResultIn)
        finish_command(node=self.caller.node, command_id=command_id, result=dict(result), now=self.now)
        return Response({"server_time": self.now})


def agent_config(node: Node) -> dict[str, int]:
    """Return how the agent of a node is to behave."""
    return {
        "heartbeat_interval_seconds": node.heartbeat_interval_seconds,
        "silence_grace_seconds": node.silence_grace_seconds,
    }
