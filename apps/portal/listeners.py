"""Who sits at the other end of a socket, asked from the database again and again."""

from dataclasses import dataclass

from django.contrib.auth import get_user
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import allowed
from apps.accounts.requests import context_of_person
from apps.accounts.services.web_sessions import standing_session, topic_of
from apps.accounts.web_sessions import SessionStore
from apps.core.context import acting
from apps.nodes.selectors import visible_nodes
from apps.portal.topics import Topic


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens, and the topic that says their session is to be looked at again."""

    person: User
    own_topic: str


def listener_of_session(session_key: str | None) -> Listener | None:
    """Whose session this is now; None once it ended or ran out, its password changed or the account was closed."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    if session_key is None or not isinstance(user, User):
        return None
    session = standing_session(session_key=session_key, user=user, now=timezone.now())
    return Listener(user, topic_of(session)) if session else None


def audible(user: User, topics: list[Topic]) -> list[str]:
    """The names of those topics that the person may hear: by role, and a node only if they can see it."""
    may = allowed(user)
    granted = [topic for topic in topics if topic.action in may]
    with acting(context_of_person(user)), transaction.atomic():
        seen = visible_nodes({topic.node_id for topic in granted if topic.node_id})
    return [topic.name for topic in granted if topic.node_id is None or topic.node_id in seen]
