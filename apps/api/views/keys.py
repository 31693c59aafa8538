"""Keys of nodes, and the tokens that let machines in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.permissions import Action, can
from apps.accounts.services import default_tenant
from apps.api.base import PeopleView
from apps.api.describe import READ, WRITE, describe
from apps.api.refusals import Refused
from apps.api.serializers.keys import KeyIn, KeyOut, NewKeyOut, RevokeIn, RotateIn, TokenIn, TokenOut
from apps.core.errors import NotFound
from apps.nodes.models import Node, NodeApiKey
from apps.nodes.selectors import keys_of, node_by_id
from apps.nodes.services import IssuedKey, create_enrollment_token, issue_key, revoke_key, rotate_key

MADE = (*READ, 413, 415)


class NodeKeys(PeopleView):
    """The keys of a node."""

    actions = {"GET": Action.NODE_KEYS_VIEW, "POST": Action.NODE_KEYS_ISSUE}

    @describe("List a node's keys", KeyOut(many=True), tag="keys")  # type: ignore[arg-type]
    def get(self, request: Request, node_id: UUID) -> Response:
        """Their public halves, newest first."""
        rows: list[Any] = keys_of(node_by_id(node_id))
        return Response(KeyOut(rows, many=True).data)

    @describe("Issue a key", NewKeyOut, tag="keys", status=201, body=KeyIn, refusals=WRITE)
    def post(self, request: Request, node_id: UUID) -> Response:
        """Give a node another key, shown this once; two may live at a time."""
        node, asked = node_by_id(node_id), self.body(KeyIn)
        return _new_key(issue_key(node=node, label=asked["label"], now=self.now))


class NodeKeyRotate(PeopleView):
    """The replacement of a key."""

    actions = {"POST": Action.NODE_KEYS_ISSUE}

    @describe("Rotate a key", NewKeyOut, tag="keys", status=201, body=RotateIn, refusals=WRITE)
    def post(self, request: Request, node_id: UUID, key_id: str) -> Response:
        """Give a node a new key; the old one lives on for the overlap."""
        node, asked = node_by_id(node_id), self.body(RotateIn)
        overlap = timedelta(hours=asked["overlap_hours"])
        return _new_key(rotate_key(node=node, old_key=_key(node, key_id), overlap=overlap, now=self.now))


class NodeKeyRevoke(PeopleView):
    """The end of a key."""

    actions = {"POST": Action.NODE_KEYS_REVOKE}

    @describe("Revoke a key", KeyOut, tag="keys", body=RevokeIn, refusals=WRITE)
    def post(self, request: Request, node_id: UUID, key_id: str) -> Response:
        """End a key at once."""
        key, asked = _key(node_by_id(node_id), key_id), self.body(RevokeIn)
        return Response(KeyOut(revoke_key(key=key, reason=asked["reason"], now=self.now)).data)


class EnrollmentTokens(PeopleView):
    """Tokens that let machines in."""

    actions = {"POST": Action.NODES_ENROL}

    @describe("Issue an enrolment token", TokenOut, tag="keys", status=201, body=TokenIn, refusals=MADE)
    def post(self, request: Request) -> Response:
        """A token, shown this once; approving machines unseen also needs the right to approve."""
        asked, person = self.body(TokenIn), request.user
        assert isinstance(person, User)  # noqa: S101 - the permission let nobody else in
        if asked["auto_approve"] and not can(person, Action.NODES_APPROVE):
            raise Refused(Action.NODES_APPROVE)
        made = create_enrollment_token(
            tenant=person.tenant or default_tenant(),
            uses=asked["uses"],
            lifetime=timedelta(hours=asked["lifetime_hours"]),
            auto_approve=asked["auto_approve"],
            tags=asked["tags"],
            now=self.now,
        )
        content = {
            "id": made.row.pk, "token": made.text, "uses_left": made.row.uses_left, "expires_at": made.row.expires_at,
            "auto_approve": made.row.auto_approve, "tags": made.row.default_tags,
        }  # fmt: skip
        return Response(content, status=201)


def _key(node: Node, key_id: str) -> NodeApiKey:
    """Return a key of this node; raises NotFound, the same for another node's."""
    key = NodeApiKey.objects.select_related("node").filter(pk=key_id, node=node).first()
    if key is None:
        raise NotFound("key_not_found", "There is no such key.")
    return key


def _new_key(issued: IssuedKey) -> Response:
    """Return the answer that shows a new key, once."""
    return Response({**KeyOut(issued.row).data, "key": issued.text}, status=201)
