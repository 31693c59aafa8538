"""Puts the context of each request in force: first where it comes from, then who sends it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.accounts.requests import circumstances_of, context_of
from apps.core.context import acting

GetResponse = Callable[[HttpRequest], HttpResponse]


def arriving_middleware(get_response: GetResponse) -> GetResponse:
    """Bind request id and address to everything below; answers carry the request id.

    It stands before whatever asks who the sender is, so that such questions see no rows but by the look-ups.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request under its circumstances."""
        with acting(circumstances_of(request)) as context:
            response = get_response(request)
        response["X-Request-ID"] = context.request_id
        return response

    return middleware


def acting_middleware(get_response: GetResponse) -> GetResponse:
    """Bind the person who sends the request to everything below."""

    def middleware(request: HttpRequest) -> HttpResponse:
        """Run one request for its sender."""
        with acting(context_of(request)):
            return get_response(request)

    return middleware
