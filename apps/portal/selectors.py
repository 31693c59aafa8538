"""Reads that only pages need: one thing by its id."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.errors import NotFound
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey
from apps.nodes.selectors import keys_of, nodes_enrolled_with


@dataclass(frozen=True, slots=True)
class EnrolmentProgress:
    """Which machines came with a token, and whether more may still come."""

    token: EnrollmentToken
    nodes: list[Node]
    is_open: bool


def key_of(node: Node, key_id: str) -> NodeApiKey:
    """Return a key of a node; raises NotFound, also for another node's key."""
    for key in keys_of(node):
        if key.key_id == key_id:
            return key
    raise NotFound("key_not_found", "This node has no such key.")


def enrolment_progress(token_id: UUID, now: datetime) -> EnrolmentProgress:
    """Return who came with a token; raises NotFound."""
    token = EnrollmentToken.objects.filter(pk=token_id).first()
    if token is None:
        raise NotFound("token_not_found", "There is no such enrolment token.")
    is_open = token.uses_left > 0 and token.expires_at > now and token.revoked_at is None
    return EnrolmentProgress(token, nodes_enrolled_with(token), is_open)
