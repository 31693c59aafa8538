"""Who is expected."""

from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.accounts.selectors.invitations import invitation_by_id, open_invitations
from apps.accounts.services import default_tenant
from apps.accounts.services.invitations import invite, revoke_invitation
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.serializers.nodes import Nothing
from apps.api.serializers.people import InvitationIn, InvitationOut, NewInvitationOut


class Invitations(PeopleView):
    """Invitations."""

    actions = {"GET": Action.USERS_INVITE, "POST": Action.USERS_INVITE}

    @describe("List open invitations", InvitationOut(many=True), tag="people", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """Those that may still be used, newest first."""
        rows: Any = open_invitations(self.person, self.now)
        return Response(InvitationOut(rows, many=True).data)

    @describe(
        "Invite a person",
        NewInvitationOut,
        tag="people",
        status=201,
        body=InvitationIn,
        refusals=(*READ, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """An invitation; its link is shown this once. Without `tenant_id` it is into one's own tenant."""
        asked, me = self.body(InvitationIn), self.person
        made = invite(
            actor=me, email=asked["email"], full_name=asked["full_name"], role=asked["role"], now=self.now,
            tenant_id=asked.get("tenant_id") or me.tenant_id or default_tenant().pk,
        )  # fmt: skip
        link = f"{settings.OMEGA.public_url}/invitation/{made.text}/"
        return Response({**InvitationOut(made.row).data, "link": link}, status=201)


class InvitationRevoke(PeopleView):
    """The end of an invitation."""

    actions = {"POST": Action.USERS_INVITE}

    @describe("Revoke an invitation", InvitationOut, tag="people", refusals=WRITE)
    def post(self, request: Request, invitation_id: UUID) -> Response:
        """Take an invitation back."""
        self.body(Nothing)
        row = invitation_by_id(self.person, invitation_id)
        return Response(InvitationOut(revoke_invitation(invitation=row, now=self.now)).data)
