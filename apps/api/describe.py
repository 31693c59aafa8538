"""Short ways to describe a method for the OpenAPI document."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.serializers import BaseSerializer, Serializer

from apps.api.serializers.agents import ErrorOut
from apps.api.versions import IF_MATCH

Method = TypeVar("Method", bound=Callable[..., Any])
Answer = type[BaseSerializer[Any]] | None
REFUSALS = {
    400: "The input cannot be accepted; `field` and `index` say where.",
    401: "Nobody is signed in, or the key or token is not accepted.",
    403: "The role, the key's scope or the node's state does not allow it.",
    404: "There is no such thing, or it is not visible.",
    409: "The thing is not in a state that allows it.",
    412: "Somebody changed it since it was read; read it again.",
    413: "The body is too large.",
    415: "The body is not JSON, or packed in an unknown way.",
    428: "The header If-Match with the ETag of what was read is missing.",
    503: "The database is away; come again after `Retry-After` seconds.",
}
READ, READ_ONE = (400, 401, 403, 503), (400, 401, 403, 404, 503)
WRITE = (400, 401, 403, 404, 409, 413, 415, 503)


def describe(
    summary: str,
    answer: Answer,
    *,
    tag: str,
    status: int = 200,
    body: Answer = None,
    query: type[Serializer[Any]] | None = None,
    refusals: tuple[int, ...] = READ_ONE,
    auth: str = "session",
    if_match: bool = False,
) -> Callable[[Method], Method]:
    """Describe one method: its answer, its input, and the errors a client must expect."""
    responses: dict[int, Any] = {status: answer or OpenApiResponse(description="No content.")}
    refusals = (*refusals, 412, 428) if if_match else refusals
    responses |= {code: OpenApiResponse(ErrorOut, REFUSALS[code]) for code in refusals}
    decorate: Callable[[Method], Method] = extend_schema(
        operation_id=summary.lower().replace("'", "").replace(" ", "_"),
        summary=summary,
        tags=[tag],
        request=body,
        parameters=[*([query] if query else []), *([IF_MATCH] if if_match else [])] or None,
        responses=responses,
        auth=[{auth: []}, {"personal": []}] if auth == "session" else [{auth: []}],  # type: ignore[list-item]
    )
    return decorate
