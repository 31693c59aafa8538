"""The description of this door: the OpenAPI document, and a page to read and try it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import SessionAuthentication
from apps.api.base import View
from apps.api.document import DocumentGenerator
from apps.api.permissions import SignedIn


class Document(View):
    """OpenAPI 3, for everybody who is signed in."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (SignedIn,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The whole door, the ingest process's calls included."""
        return Response(openapi_document())


@require_safe
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Swagger UI from our own files, under the strict policy: no inline script, nothing from elsewhere."""
    return render(request, "api/docs.html")


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    generator = DocumentGenerator(urlconf="apps.api.urls")  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found
