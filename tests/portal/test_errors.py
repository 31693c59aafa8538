"""What a person or a program sees when something goes wrong."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path
from pytest_django import DjangoAssertNumQueries

from apps.core.errors import Conflict
from apps.portal.views.errors import unavailable


def breaking_with(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that fails."""

    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


FAILURES = {
    "down": OperationalError("connection refused"),
    "cut": InterfaceError("connection already closed"),
    "bug": RuntimeError("a secret inside"),
    "odd": SuspiciousOperation("odd"),
    "no": PermissionDenied("no"),
    "clash": Conflict("clash", "It is taken."),
}
urlpatterns = [path(f"break/{name}/", breaking_with(error)) for name, error in FAILURES.items()]
urlpatterns += [path(f"api/break/{name}/", breaking_with(error)) for name, error in FAILURES.items()]
urlpatterns += [path("", include("apps.portal.urls"))]  # type: ignore[list-item]
handler400 = "apps.portal.views.errors.bad_request"
handler403 = "apps.portal.views.errors.forbidden"
handler404 = "apps.portal.views.errors.not_found"
handler500 = "apps.portal.views.errors.server_error"

STATUS = {"down": 503, "cut": 503, "bug": 500, "odd": 400, "no": 403, "clash": 409}


@pytest.fixture
def client(db: None) -> Client:
    """A client that gets answers where a server would answer."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("name", "status"), STATUS.items())
@override_settings(ROOT_URLCONF=__name__)
def test_failure_becomes_a_page_of_its_status(client: Client, name: str, status: int) -> None:
    answer = client.get(f"/break/{name}/")
    page = answer.content.decode()
    assert answer.status_code == status and f'data-testid="error-{status}"' in page
    assert "a secret inside" not in page
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.parametrize(("name", "status"), STATUS.items())
@override_settings(ROOT_URLCONF=__name__)
def test_program_gets_json_with_a_code(client: Client, name: str, status: int) -> None:
    answer = client.get(f"/api/break/{name}/")
    assert answer.status_code == status and {"code", "detail"} <= answer.json().keys()


def test_missing_page_and_missing_node_look_alike(client_as: Callable[[str], Client]) -> None:
    client = client_as("READONLY")
    for address in ("/nope/", "/nodes/00000000-0000-4000-8000-000000000000/"):
        answer = client.get(address)
        assert answer.status_code == 404 and 'data-testid="error-404"' in answer.content.decode()


def test_page_for_a_missing_database_asks_the_database_nothing(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = unavailable(RequestFactory().get("/"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_pages_forbid_inline_code(client_as: Callable[[str], Client]) -> None:
    policy = client_as("ADMIN").get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
