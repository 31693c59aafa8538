"""What a caller may do: people by the one table of roles, agents by the scopes of their key."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.models import ApiToken, User
from apps.accounts.models import TokenScope as Scope
from apps.accounts.permissions import Action, can
from apps.api.authentication import AgentNode
from apps.api.refusals import Refused
from apps.core.errors import Forbidden


class ActionPermission(BasePermission):
    """Asks `permissions.can` for the action that the view names for the method in `actions`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell strangers from people; raises Refused for a role that does not suffice, 405 for a foreign method."""
        if not isinstance(request.user, User):
            return False
        actions: dict[str, Action] = getattr(view, "actions", {})
        method = str(request.method)
        action = actions.get("GET" if method == "HEAD" else method)
        if action is None:
            raise MethodNotAllowed(method)
        if not can(request.user, action):
            raise Refused(action)
        return True


class TokenScope(BasePermission):
    """Asks of a personal token that its scope covers the method; sessions pass."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Let reading tokens read; raises Forbidden for anything else they try."""
        token = request.auth
        if isinstance(token, ApiToken) and request.method not in SAFE_METHODS and Scope.WRITE not in token.scopes:
            raise Forbidden("token_scope", "This token may only read.")
        return True


class SignedIn(BasePermission):
    """Everybody who is signed in, whatever their role."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell people from strangers."""
        return isinstance(request.user, User) and request.user.is_active


class AgentScope(BasePermission):
    """Asks that the caller is an agent whose key has the view's `scope`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Compare scopes."""
        caller: Any = request.user
        return isinstance(caller, AgentNode) and getattr(view, "scope", None) in caller.key.scopes
