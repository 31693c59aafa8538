"""Oneself: profile, web sessions, personal tokens, limits."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import WebSession
from apps.accounts.permissions import Action
from apps.accounts.selectors.people import open_sessions, session_of, token_of, tokens_of
from apps.accounts.selectors.quotas import Subject, limits_of
from apps.accounts.services import update_profile
from apps.accounts.services.tokens import create_token, revoke_token
from apps.accounts.services.web_sessions import end_all_sessions, end_session, web_session_of
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.serializers.nodes import Nothing
from apps.api.serializers.people import (
    ApiTokenIn,
    ApiTokenOut,
    EndedOut,
    MeEdit,
    MeOut,
    NewApiTokenOut,
    Reason,
    SessionOut,
)
from apps.api.serializers.quotas import LimitOut
from apps.core.errors import Conflict, Invalid

MADE = (*READ, 409, 413, 415)


class Me(PeopleView):
    """Oneself."""

    actions = {"GET": Action.ACCOUNT_OWN, "PATCH": Action.ACCOUNT_OWN}

    @describe("Show me", MeOut, tag="me", refusals=READ)
    def get(self, request: Request) -> Response:
        """Whose session or token this is."""
        return Response(MeOut(self.person).data)

    @describe("Edit me", MeOut, tag="me", body=MeEdit, refusals=MADE)
    def patch(self, request: Request) -> Response:
        """Write the fields given and leave the others."""
        changes, me = self.body(MeEdit), self.person
        if not changes:
            raise Invalid("nothing_to_change", "Name at least one field to change.")
        kept = {name: getattr(me, name) for name in ("full_name", "time_zone", "notification_email")}
        return Response(MeOut(update_profile(user=me, **{**kept, **changes})).data)


class MySessions(PeopleView):
    """Where one is signed in."""

    actions = {"GET": Action.SESSIONS_OWN}

    @describe("List my web sessions", SessionOut(many=True), tag="me", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """The open ones, the latest seen first."""
        here = current_session(request)
        rows: Any = open_sessions(self.person, self.now)
        return Response(SessionOut(rows, many=True, context={"current": here and here.pk}).data)


class MySessionEnd(PeopleView):
    """The end of a web session."""

    actions = {"POST": Action.SESSIONS_OWN}

    @describe("End my web session", EndedOut, tag="me", refusals=WRITE)
    def post(self, request: Request, session_id: UUID) -> Response:
        """End one of one's own web sessions."""
        self.body(Nothing)
        if not end_session(session=session_of(self.person, session_id), reason="ended by hand", now=self.now):
            raise Conflict("already_ended", "That web session had ended before.")
        return Response({"ended": 1})


class MySessionsEndOthers(PeopleView):
    """The end of all other web sessions."""

    actions = {"POST": Action.SESSIONS_OWN}

    @describe("End my other web sessions", EndedOut, tag="me", refusals=MADE)
    def post(self, request: Request) -> Response:
        """End every web session but the one that asks; asked by a token, all of them."""
        self.body(Nothing)
        here = current_session(request)
        digest = here.session_digest if here else ""
        ended = end_all_sessions(user=self.person, reason="ended by hand", now=self.now, except_digest=digest)
        return Response({"ended": ended})


class MyTokens(PeopleView):
    """Tokens for one's own programs."""

    actions = {"GET": Action.TOKENS_OWN, "POST": Action.TOKENS_OWN}

    @describe("List my API tokens", ApiTokenOut(many=True), tag="me", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """Their public halves, newest first."""
        rows: Any = tokens_of(self.person)
        return Response(ApiTokenOut(rows, many=True).data)

    @describe("Create an API token", NewApiTokenOut, tag="me", status=201, body=ApiTokenIn, refusals=MADE)
    def post(self, request: Request) -> Response:
        """A token, shown this once; only a signed-in person makes one, never another token."""
        self.refuse_tokens()
        asked = self.body(ApiTokenIn)
        made = create_token(
            user=self.person, name=asked["name"], can_write=asked["scope"] == "write", days=asked["days"],
            allowed_ips=asked["allowed_ips"], now=self.now,
        )  # fmt: skip
        return Response({**ApiTokenOut(made.row).data, "token": made.text}, status=201)


class MyTokenRevoke(PeopleView):
    """The end of a token."""

    actions = {"POST": Action.TOKENS_OWN}

    @describe("Revoke my API token", ApiTokenOut, tag="me", body=Reason, refusals=WRITE)
    def post(self, request: Request, key_id: str) -> Response:
        """End one of one's own tokens at once."""
        token, asked = token_of(self.person, key_id), self.body(Reason)
        return Response(ApiTokenOut(revoke_token(token=token, reason=asked["reason"], now=self.now)).data)


class MyLimits(PeopleView):
    """How much one may use."""

    actions = {"GET": Action.ACCOUNT_OWN}

    @describe("List my limits", LimitOut(many=True), tag="me", refusals=READ)  # type: ignore[arg-type]
    def get(self, request: Request) -> Response:
        """Every limited thing as it counts now, approved raises included."""
        rows: Any = limits_of(Subject(user=self.person), self.now)
        return Response(LimitOut(rows, many=True).data)


def current_session(request: Request) -> WebSession | None:
    """Return the web session that asks, None for a token."""
    return None if request.auth else web_session_of(request._request)
