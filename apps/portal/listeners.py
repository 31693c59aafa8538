"""Who sits at the other end of a socket, asked from the database again and again."""

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.permissions import allowed
from apps.accounts.requests import context_of_person
from apps.core.context import acting
from apps.nodes.selectors import visible_nodes
from apps.portal.topics import Topic


def person_of_session(session_key: str | None) -> User | None:
    """The person whose session this is now; None once it ended, its password changed or the account was closed."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) else None


def audible(user: User, topics: list[Topic]) -> list[str]:
    """The names of those topics that the person may hear: by role, and a node only if they can see it."""
    may = allowed(user)
    granted = [topic for topic in topics if topic.action in may]
    with acting(context_of_person(user)):
        seen = visible_nodes({topic.node_id for topic in granted if topic.node_id})
    return [topic.name for topic in granted if topic.node_id is None or topic.node_id in seen]
