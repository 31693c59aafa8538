"""What all views of this door have in common."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.permissions import Action
from apps.api.authentication import AgentKeyAuthentication, AgentNode, SessionAuthentication
from apps.api.negotiation import OnlyJSON
from apps.api.permissions import ActionPermission, AgentScope
from apps.api.refusals import Refused
from apps.audit.models import Category, Status
from apps.audit.services import record_apart

Input = TypeVar("Input", bound=Serializer[Any])


class View(APIView):
    """One transaction per request; the answer is never cached, and a refusal outlives the rollback."""

    content_negotiation_class = OnlyJSON
    http_method_names = ["get", "head", "post", "patch"]
    refused: Refused | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:  # type: ignore[override]
        """Take the transaction into our own hands."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer within a transaction; afterwards keep a refusal in one of its own."""
        with transaction.atomic():
            answer = cast("HttpResponse", super().dispatch(request, *args, **kwargs))
        answer["Cache-Control"] = "no-store"
        if self.refused:
            _record_refusal(request, self.refused)
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """Note a refusal for later."""
        if isinstance(exc, Refused):
            self.refused = exc
        return super().handle_exception(exc)

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

    authentication_classes = (SessionAuthentication,)
    permission_classes = (ActionPermission,)
    actions: ClassVar[dict[str, Action]] = {}


class AgentView(View):
    """For agents; `scope` is what their key must allow."""

    authentication_classes = (AgentKeyAuthentication,)
    permission_classes = (AgentScope,)
    scope: ClassVar[str] = ""

    @property
    def caller(self) -> AgentNode:
        """The node that asks; the permission has made sure that it is one."""
        return cast("AgentNode", self.request.user)


def checked(shape: type[Input], data: Any) -> dict[str, Any]:
    """Return what a shape makes of the data; raises ValidationError."""
    filled = shape(data=data)
    filled.is_valid(raise_exception=True)
    found: dict[str, Any] = filled.validated_data
    return found


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
