"""Reads that only pages need: one thing by its id, and what the health banner says."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.errors import NotFound
from apps.core.live import is_redis_alive
from apps.jobs.selectors import background_health
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey
from apps.nodes.selectors import is_ingest_alive, keys_of, nodes_enrolled_with


@dataclass(frozen=True, slots=True)
class EnrolmentProgress:
    """Which machines came with a token, and whether more may still come."""

    token: EnrollmentToken
    nodes: list[Node]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as live as it should be, and what that means for people."""

    code: str
    title: str
    text: str


BACKGROUND = Trouble(
    "background",
    "Background work is paused.",
    "Nodes that go silent are not marked offline until it runs again; it then catches up.",
)
INGEST = Trouble(
    "ingest",
    "No ingest process answers.",
    "Agents keep their samples and send them later. What you see is the last that was received.",
)
LIVE = Trouble("live", "Live updates are paused.", "Pages are read again every 10 seconds instead.")


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


def troubles(now: datetime) -> list[Trouble]:
    """Return what is paused at this moment; empty when all is well."""
    health = background_health(now)
    found = {
        BACKGROUND: health.is_paused,
        INGEST: not is_ingest_alive(now),
        LIVE: not is_redis_alive(),
    }
    return [trouble for trouble, is_true in found.items() if is_true]
