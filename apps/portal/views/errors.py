"""Pages for everything that goes wrong, in the look of the portal; none of them asks the database for its content."""

import logging
import sys
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from apps.audit.models import Category, Status
from apps.audit.services import record_apart
from apps.core.errors import PortalError, Throttled
from apps.portal.access import Refused

RETRY_SECONDS = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error page says."""

    status: int
    code: str
    title: str
    text: str


BAD_REQUEST = Trouble(
    400,
    "bad_request",
    "That request makes no sense here",
    "Its address or form was damaged. Go back and try again.",
)
CSRF = Trouble(
    403,
    "csrf",
    "The form is too old",
    "It was opened before you signed in, or cookies are blocked. Reload the page and send it again.",
)
FORBIDDEN = Trouble(
    403,
    "forbidden",
    "Not with your role",
    "You are signed in, but your role does not allow this. The attempt was noted in the audit log.",
)
NOT_FOUND = Trouble(404, "not_found", "Nothing here", "The page does not exist, or you may not see what is on it.")
ERROR = Trouble(
    500,
    "error",
    "Something broke on our side",
    "The error was logged. Try again; if it stays, tell whoever runs this portal.",
)
UNAVAILABLE = Trouble(
    503,
    "unavailable",
    "The database cannot be reached",
    "Nothing is lost: agents keep their samples and send them later. This page tries again by itself.",
)


def error_page(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """The trouble as a page, as a few words for a fragment, or as JSON for a program."""
    if request.path_info.startswith("/api/") or request.headers.get("Accept") == "application/json":
        return JsonResponse({"code": trouble.code, "detail": f"{trouble.title}. {trouble.text}"}, status=trouble.status)
    if "HX-Request" in request.headers:
        return HttpResponse(trouble.title, status=trouble.status, content_type="text/plain; charset=utf-8")
    content = render_to_string("errors/error.html", {"trouble": trouble, "retry_seconds": RETRY_SECONDS})
    return HttpResponse(content, status=trouble.status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return error_page(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; the refusal goes to the audit log, in a transaction of its own since the request's was rolled back."""
    if isinstance(exception, Refused):
        record_apart(
            action="ACCESS_DENIED",
            category=Category.AUTH,
            resource_type="page",
            resource_name=request.path_info,
            description=f"{request.method} refused: the role does not allow {exception.action}",
            details={"action": str(exception.action)},
            status=Status.FAILURE,
        )
    return error_page(request, FORBIDDEN)


def refused_by_database(request: HttpRequest, error: Exception) -> HttpResponse:
    """403 where a row was refused though the role seemed to allow it: logged, as it should not come this far."""
    log.error("the database refused %s %s: %s", request.method, request.path_info, str(error).splitlines()[0])
    record_apart(
        action="ACCESS_DENIED",
        category=Category.AUTH,
        resource_type="page",
        resource_name=request.path_info[:255],
        description=f"{request.method} refused by the database's own rules",
        status=Status.FAILURE,
    )
    return error_page(request, FORBIDDEN)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token."""
    return error_page(request, CSRF)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return error_page(request, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when what broke is the way to the database."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    return error_page(request, ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, with the time after which to try again."""
    answer = error_page(request, UNAVAILABLE)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def portal_error(request: HttpRequest, error: PortalError) -> HttpResponse:
    """An error of ours that no form could show."""
    title = NOT_FOUND.title if error.status == NOT_FOUND.status else "That did not work"
    answer = error_page(request, Trouble(error.status, error.code, title, error.detail))
    if isinstance(error, Throttled):
        answer["Retry-After"] = str(error.retry_after)
    return answer
