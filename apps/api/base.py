"""What all views of this door have in common."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.models import ApiToken, User
from apps.accounts.permissions import Action
from apps.accounts.requests import context_of_person
from apps.accounts.services.tokens import TokenRefused, record_token_refusal
from apps.api.authentication import (
    AgentKeyAuthentication,
    AgentNode,
    PersonalTokenAuthentication,
    SessionAuthentication,
)
from apps.api.negotiation import OnlyJSON
from apps.api.permissions import ActionPermission, AgentScope, TokenScope
from apps.api.refusals import Refused
from apps.audit.models import Category, Status
from apps.audit.services import record_apart
from apps.core.context import acting
from apps.core.errors import Forbidden, PortalError

Input = TypeVar("Input", bound=Serializer[Any])


class View(APIView):
    """One transaction per request; the answer is never cached, and a refusal outlives the rollback."""

    content_negotiation_class = OnlyJSON
    http_method_names = ["get", "head", "post", "patch"]
    refused: Refused | None = None
    refused_token: TokenRefused | None = None
    acting_as: ExitStack
    _transaction: ExitStack

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:  # type: ignore[override]
        """Take the transaction into our own hands."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer within a transaction, which authentication begins; afterwards keep a refusal in one of its own.

        A caller who is known by a token only from within acts from there on until the refusal is kept.
        """
        with ExitStack() as self.acting_as:
            with ExitStack() as self._transaction:
                answer = cast("HttpResponse", super().dispatch(request, *args, **kwargs))
            answer["Cache-Control"] = "no-store"
            if self.refused:
                _record_refusal(request, self.refused)
            if self.refused_token:
                record_token_refusal(refusal=self.refused_token)
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """Note a refusal for later."""
        if isinstance(exc, Refused):
            self.refused = exc
        if isinstance(exc, TokenRefused):
            self.refused_token = exc
        return super().handle_exception(exc)

    def perform_authentication(self, request: Request) -> None:
        """Begin the transaction of the request, and find out who calls."""
        self.begin()
        super().perform_authentication(request)

    def begin(self) -> None:
        """Begin the transaction that lasts until there is an answer."""
        self._transaction.enter_context(transaction.atomic())

    @property
    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)

    def body(self, shape: type[Input]) -> dict[str, Any]:
        """Return the checked body of the request."""
        return checked(shape, self.request.data)

    def query(self, shape: type[Input]) -> dict[str, Any]:
        """Return the checked parameters of the address."""
        return checked(shape, dict(self.request.query_params.items()))


class PeopleView(View):
    """For people; `actions` names the permission that each method needs."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (SessionAuthentication, PersonalTokenAuthentication)
    permission_classes = (TokenScope, ActionPermission)
    actions: ClassVar[dict[str, Action]] = {}

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, and only then begin the transaction: the person behind a token acts in all of it.

        Whom a token belongs to is a look-up that needs neither transaction nor context.
        """
        try:
            APIView.perform_authentication(self, request)
        except (PortalError, APIException):
            self.begin()
            raise
        if isinstance(request.auth, ApiToken):
            self.acting_as.enter_context(acting(context_of_person(request.auth.user)))
        self.begin()

    @property
    def person(self) -> User:
        """The person who asks; the permission has made sure that it is one."""
        return cast("User", self.request.user)

    def refuse_tokens(self) -> None:
        """Raise Forbidden for a program: a token makes no further tokens, so that none outlives its own end."""
        if isinstance(self.request.auth, ApiToken):
            raise Forbidden("session_needed", "Sign in to do this; a token cannot.")


class AgentView(View):
    """For agents; `scope` is what their key must allow."""

    authentication_classes = (AgentKeyAuthentication,)
    permission_classes = (AgentScope,)
    scope: ClassVar[str] = ""

    def perform_authentication(self, request: Request) -> None:
        """Find out which machine calls; it acts from here on, also for the open transaction."""
        super().perform_authentication(request)
        caller: Any = request.user
        if isinstance(caller, AgentNode):
            self.acting_as.enter_context(acting(caller.context))

    @property
    def caller(self) -> AgentNode:
        """The node that asks; the permission has made sure that it is one."""
        return cast("AgentNode", self.request.user)


def checked(shape: type[Input], data: Any) -> dict[str, Any]:
    """Return what a shape makes of the data; raises ValidationError."""
    found: dict[str, Any] = _checker(shape).run_validation(data)
    return found


@cache
def _checker(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """Return the one serializer that checks bodies or parameters of a shape: its fields are dear to make.

    Checking leaves nothing behind in it, so threads may share it.
    """
    made = shape()
    made.fields  # noqa: B018 - they are made when looked at, and by one thread only
    return made


def _record_refusal(request: HttpRequest, refused: Refused) -> None:
    """Write down who asked for what their role does not allow."""
    record_apart(
        action="ACCESS_DENIED",
        category=Category.AUTH,
        resource_type="api",
        resource_name=request.path_info,
        description=f"{request.method} refused: the role does not allow {refused.action}",
        details={"action": str(refused.action)},
        status=Status.FAILURE,
    )
