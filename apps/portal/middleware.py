"""What holds for all answers of the web process: errors as pages, methods, encryption, and that nobody keeps them."""

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from apps.core.errors import PortalError, is_refused_by_database
from apps.portal.views.errors import bad_request, portal_error, refused_by_database, unavailable

GetResponse = Callable[[HttpRequest], HttpResponse]
API: Final = "/api/"
METHODS_OF_PAGES: Final = ("GET", "HEAD", "POST")
NOT_ENCRYPTED: Final = {"code": "https_only", "detail": "This address answers over HTTPS only; renew the key you sent."}


def guarded_middleware(get_response: GetResponse) -> GetResponse:
    """Refuse what no view is meant for, and let no answer be kept by browsers or proxies unless its view says so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = refusal_of(request) or get_response(request)
        answer.headers.setdefault("Cache-Control", "no-store, private")
        return answer

    return middleware


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of what is wrong whoever sends it: unencrypted calls of REST, odd methods at a page."""
    is_program = request.path_info.startswith(API)
    if is_program and settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return JsonResponse(NOT_ENCRYPTED, status=403)
    if not is_program and request.method not in METHODS_OF_PAGES:
        return HttpResponseNotAllowed(METHODS_OF_PAGES)
    return None


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer to an error that left a view: 503 without a database, 403 by it, 400 for a filter that is none."""
    if isinstance(error, OperationalError | InterfaceError):
        return unavailable(request)
    if is_refused_by_database(error):
        return refused_by_database(request, error)
    if isinstance(error, IncorrectLookupParameters):
        return bad_request(request)
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
