"""What a page may listen to: the grammar of topic names and the action each one needs. Pure."""

import re
from dataclasses import dataclass
from uuid import UUID

from apps.accounts.permissions import Action

MOST_TOPICS = 50
NAMED = re.compile(r"(node|token):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
PLAIN = {
    "nodes": Action.NODES_VIEW,
    "audit": Action.AUDIT_VIEW,
    "people": Action.USERS_VIEW,
    "quotas": Action.QUOTAS_VIEW,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A well-formed topic: its name, what it takes to hear it, and the node it is about."""

    name: str
    action: Action
    node_id: UUID | None = None


def topic_named(name: object) -> Topic | None:
    """The topic of a name, None when it is not one."""
    if not isinstance(name, str):
        return None
    if name in PLAIN:
        return Topic(name, PLAIN[name])
    match = NAMED.fullmatch(name)
    if match is None:
        return None
    if match[1] == "token":
        return Topic(name, Action.NODES_ENROL)
    return Topic(name, Action.NODES_VIEW, UUID(match[2]))


def wanted_topics(message: object) -> list[Topic] | None:
    """The topics of a subscribe message, silly names left out; None when it is no such message."""
    names = message.get("subscribe") if isinstance(message, dict) else None
    if not isinstance(names, list) or len(names) > MOST_TOPICS:
        return None
    return [topic for topic in map(topic_named, names) if topic]
