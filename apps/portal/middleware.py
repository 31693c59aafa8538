"""Turns errors that pages do not handle themselves into the right answer, above all a database that is away."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.errors import PortalError
from apps.portal.views.errors import portal_error, unavailable

GetResponse = Callable[[HttpRequest], HttpResponse]


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer to an error that left a view: 503 for a missing database, the error's own page for ours."""
    if isinstance(error, OperationalError | InterfaceError):
        return unavailable(request)
    if isinstance(error, PortalError) and not isinstance(error, Http404 | PermissionDenied):
        return portal_error(request, error)
    return None


def unavailable_middleware(get_response: GetResponse) -> GetResponse:
    """Answer 503 with Retry-After instead of 500 while the database cannot be reached."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_exception = answer_to  # type: ignore[attr-defined]
    return middleware


def time_zone_middleware(get_response: GetResponse) -> GetResponse:
    """Show times in the zone of the person who looks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") or "UTC"
        with timezone.override(ZoneInfo(name)):
            return get_response(request)

    return middleware
