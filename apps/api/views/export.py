"""Samples as a CSV file that is never in memory whole: the database's blocks go straight to the client."""

from collections.abc import Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.permissions import Action
from apps.api.base import PeopleView
from apps.api.describe import REFUSALS
from apps.api.serializers.agents import ErrorOut
from apps.api.serializers.query import ExportQuery
from apps.api.streams import Turn, in_thread
from apps.api.views.query import parameters, selector, span
from apps.core.context import RequestContext, acting, current
from apps.metrics.queries import Window
from apps.metrics.selectors.export import Export, export_blocks
from apps.metrics.services.export import begin_metrics_export

REFUSED = {
    code: OpenApiResponse(ErrorOut, REFUSALS.get(code, "Too many exports; come again after `Retry-After` seconds."))
    for code in (400, 401, 403, 404, 429, 503)
}
CSV = "text/csv; charset=utf-8"


class MetricsExport(PeopleView):
    """Samples as they were measured."""

    actions = {"GET": Action.METRICS_VIEW}

    @extend_schema(
        operation_id="export_metrics",
        summary="Export metrics",
        tags=["metrics"],
        parameters=[ExportQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR, **REFUSED},
        auth=[{"session": []}, {"personal": []}],  # type: ignore[list-item]
    )
    def get(self, request: Request) -> HttpResponseBase:
        """CSV, unsorted: of vitals one column each, of a named metric one line per sample. The export is audited.

        A file that ends without a line end is not whole: the connection broke, or the portal gave up after ten minutes.
        """
        asked = parameters(ExportQuery, request)
        start, end = span(asked, self.now)
        metrics = asked["metric"]
        export = begin_metrics_export(
            person_id=self.person.pk,
            asked=Window(metrics[0], start, end, selector(asked), labels=asked.get("label", {})),
            metrics=metrics,
            parameters={name: request.query_params.getlist(name) for name in request.query_params},
            now=self.now,
            series=asked.get("series"),
        )
        blocks = _blocks(export, current())
        is_asynchronous = isinstance(request._request, ASGIRequest)
        taken = in_thread(blocks, Turn(self.person.pk)) if is_asynchronous else blocks
        file = StreamingHttpResponse(taken, content_type=CSV)
        file["Content-Disposition"] = f'attachment; filename="metrics-{self.now:%Y%m%d-%H%M%S}.csv"'
        file["X-Accel-Buffering"] = "no"
        return file

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a program as everywhere; whoever followed a link in a browser reads a refusal as a page."""
        answer = super().dispatch(request, *args, **kwargs)
        is_browser = "text/html" in request.headers.get("Accept", "")
        return refusal_page(answer) if is_browser and isinstance(answer, Response) else answer


def refusal_page(refusal: Response) -> HttpResponse:
    """Return a refusal as the portal's error page, with its status and headers."""
    status, detail = refusal.status_code, str(refusal.data.get("detail", ""))
    trouble = {"status": status, "title": "There is no file", "text": detail}
    headers = {name: value for name, value in refusal.headers.items() if name != "Content-Type"}
    return HttpResponse(render_to_string("errors/error.html", {"trouble": trouble}), status=status, headers=headers)


def _blocks(export: Export, context: RequestContext) -> Iterator[bytes]:
    """Yield the file, read in a transaction of its own for whoever asked."""
    with acting(context), transaction.atomic():
        yield from export_blocks(export)
