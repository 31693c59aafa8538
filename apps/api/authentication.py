"""Who calls: people by session or personal token, agents by their key. Neither opens the other's addresses."""

from datetime import UTC, datetime
from typing import Any, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as StockSessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from apps.accounts.models import ApiToken, User
from apps.accounts.requests import sender
from apps.accounts.services.tokens import token_presented
from apps.api.refusals import CsrfFailed
from apps.core.context import RequestContext, as_agent
from apps.nodes.models import Node, NodeApiKey
from apps.nodes.services.callers import key_presented

BEARER: Final = "bearer"


class SessionAuthentication(StockSessionAuthentication):
    """The portal's own session; every write needs the CSRF token, a stranger gets 401 and never a redirect."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the signed-in person; whoever presents a token is asked for nothing else."""
        return None if bearer_token(request) else super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        """Make the refusal a 401."""
        return 'Session realm="Omega Portal", Bearer realm="Omega Portal"'

    def enforce_csrf(self, request: Request) -> None:
        """Refuse a write without a valid token, with a code of its own."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer omp_…` for people's own programs. No cookie, hence no CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the person and the token; raises Unauthenticated for any that is not accepted."""
        text = bearer_token(request)
        if not text:
            return None
        token = token_presented(text=text, address=sender(request._request), now=datetime.now(UTC))
        return token.user, token


class AgentNode:
    """The principal behind an agent's key: a node, which is no person and has no role."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: NodeApiKey) -> None:
        """Take the key that was presented."""
        self.key = key
        self.node: Node = key.node

    @property
    def context(self) -> RequestContext:
        """The context of what the node asks."""
        return as_agent(self.node.hostname, self.node.tenant_id)


class AgentKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer omg_…`; without one the caller is nobody."""

    def authenticate(self, request: Request) -> tuple[AgentNode, NodeApiKey] | None:
        """Return the node; raises Unauthenticated or Forbidden."""
        text = bearer_token(request)
        if not text:
            return None
        key = key_presented(text=text, address=sender(request._request), now=datetime.now(UTC))
        return AgentNode(key), key

    def authenticate_header(self, request: Request) -> str:
        """Make the refusal a 401."""
        return 'Bearer realm="Omega Portal agents"'


def bearer_token(request: Request) -> str:
    """Return the text after `Bearer`; empty where there is none."""
    scheme, _, text = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return text.strip() if scheme.lower() == BEARER else ""
