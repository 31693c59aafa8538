"""Puts the context of each request in force."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.accounts.requests import context_of
from apps.core.context import acting


def acting_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Bind actor, request id and address to everything below; answers carry the request id."""

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request under its context."""
        with acting(context_of(request)) as context:
            response = get_response(request)
        response["X-Request-ID"] = context.request_id
        return response

    return middleware
