"""Every error of this door as {code, detail, field?, index?, errors?}, with the status a client can act on."""

import logging
from collections.abc import Iterator
from typing import Any, Final

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.api.refusals import Unavailable
from apps.core.errors import PortalError, is_refused_by_database

log = logging.getLogger(__name__)
RETRY_SECONDS: Final = 5
MOST_ERRORS: Final = 50
CODES: Final = {
    400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 415: "unsupported_media_type", 429: "throttled", 503: "unavailable",
}  # fmt: skip
KEPT_CODES: Final = frozenset({"csrf_failed", "forbidden", "unavailable", "unknown_parameter"})
RENAMED: Final = {"required": "missing_field", "null": "invalid_value", "invalid_choice": "invalid_value"}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error; None lets an unknown one become a logged 500."""
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("the database does not answer: %s", error)
        error = Unavailable()
    if is_refused_by_database(error):
        log.error("the database refused: %s", str(error).splitlines()[0])
        error = exceptions.PermissionDenied("The database does not let you change this row.")
    if isinstance(error, PortalError):
        return _answer(error.status, error.as_json(), _headers(error, context))
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing at this address.")
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, validation_body(error), {})
    code = error.get_codes()
    is_known = isinstance(code, str) and code in KEPT_CODES
    body = {"code": code if is_known else CODES.get(error.status_code, "error"), "detail": str(error.detail)}
    return _answer(error.status_code, body, _headers(error, context))


def _answer(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    """Undo what the request did and say what is wrong."""
    set_rollback()
    return Response(body, status=status, headers=headers)


def _headers(error: Exception, context: dict[str, Any]) -> dict[str, str]:
    """Return the headers a client needs to act on the error."""
    status = getattr(error, "status", None) or getattr(error, "status_code", None)
    found = {}
    if status == 401:
        view, request = context.get("view"), context.get("request")
        found["WWW-Authenticate"] = (view and view.get_authenticate_header(request)) or "Session"
    wait = (
        getattr(error, "retry_after", None) or getattr(error, "wait", None) or (RETRY_SECONDS if status == 503 else 0)
    )
    if wait:
        found["Retry-After"] = str(int(wait))
    return found


def validation_body(error: exceptions.ValidationError) -> dict[str, Any]:
    """Return the body for a refused input: the first fault on top, all of them in `errors`."""
    faults = [_fault(path, detail) for path, detail in _leaves(error.detail, ())][:MOST_ERRORS]
    return {**faults[0], "errors": faults} if len(faults) > 1 else faults[0]


def _leaves(detail: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every message with the place it is about."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _leaves(inner, path if name == "non_field_errors" else (*path, name))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            is_item = isinstance(inner, dict | list)
            yield from _leaves(inner, (*path, number) if is_item else path)
    else:
        yield path, detail


def _fault(path: tuple[str | int, ...], detail: Any) -> dict[str, Any]:
    """Return one fault as {code, detail, field?, index?}."""
    code = getattr(detail, "code", "") or "invalid_value"
    found: dict[str, Any] = {"code": RENAMED.get(code, "invalid_value" if code == "invalid" else code)}
    found["detail"] = str(detail)
    names = [str(part) for part in path if not isinstance(part, int)]
    index = next((part for part in path if isinstance(part, int)), None)
    if names:
        found["field"] = ".".join(names)[:200]
    if index is not None:
        found["index"] = index
    return found
