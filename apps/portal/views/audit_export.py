"""The audit log as a file, sent page by page: no more than one page of it is ever in memory."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.permissions import Action
from apps.audit.models import AuditLog
from apps.audit.selectors import AuditFilters, entries_before
from apps.audit.services import begin_export
from apps.core.connections import give_back
from apps.core.context import RequestContext, acting, current
from apps.core.errors import Throttled, TooLarge
from apps.portal.access import SignedIn, require
from apps.portal.audit_rows import COLUMNS, csv_cells, csv_line, json_line
from apps.portal.dialogs import refused
from apps.portal.forms.filters import AuditFilterForm
from apps.portal.views.errors import portal_error

PAGE = 1000
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@require_POST
@require(Action.AUDIT_EXPORT)
def audit_export(request: SignedIn) -> HttpResponseBase:
    """The filtered entries up to now as CSV or JSON; the export is itself an entry."""
    form, now = AuditFilterForm(request.POST), timezone.now()
    kind = "json" if request.POST.get("format") == "json" else "csv"
    filters = until(form.filters(), now)
    asked = {name: str(value) for name, value in form.chosen().items() if value is not False}
    try:
        begin_export(person_id=request.user.pk, filters=filters, asked=asked, kind=kind, now=now)
    except Throttled as refusal:
        answer = portal_error(request, refusal)
        answer["Retry-After"] = str(refusal.retry_after)
        return answer
    except TooLarge as refusal:
        return refused(request, resolve_url("audit:list"), refusal)
    pages = entry_pages(filters, current())
    chunks = csv_chunks(pages) if kind == "csv" else json_chunks(pages)
    file = StreamingHttpResponse(in_turn(request, chunks), content_type=TYPES[kind])
    file["Content-Disposition"] = f'attachment; filename="audit-{now:%Y%m%d-%H%M%S}.{kind}"'
    return file


def until(filters: AuditFilters, now: datetime) -> AuditFilters:
    """The filters, with nothing younger than now: the export's own entry is not in it."""
    return replace(filters, until=min(filters.until or now, now))


def entry_pages(filters: AuditFilters, context: RequestContext) -> Iterator[list[AuditLog]]:
    """The entries, newest first, some at a time; each read in a transaction of its own for whoever asked."""
    last: AuditLog | None = None
    while True:
        with acting(context), transaction.atomic():
            rows = entries_before(filters, last, PAGE)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        last = rows[-1]


def csv_chunks(pages: Iterator[list[AuditLog]]) -> Iterator[str]:
    """The head line, then the lines of each page."""
    yield csv_line(COLUMNS)
    for rows in pages:
        yield "".join(csv_line(csv_cells(row)) for row in rows)


def json_chunks(pages: Iterator[list[AuditLog]]) -> Iterator[str]:
    """A list of objects, one on a line."""
    before = "["
    for rows in pages:
        yield before + ",".join(f"\n{json_line(row)}" for row in rows)
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def in_turn(request: HttpRequest, chunks: Iterator[str]) -> Iterator[str] | AsyncIterator[str]:
    """The chunks as the server takes them: one that is asynchronous would put a plain iterator into memory whole."""
    return _asynchronous(chunks) if isinstance(request, ASGIRequest) else chunks


async def _asynchronous(chunks: Iterator[str]) -> AsyncIterator[str]:
    """Each chunk, made in the thread of the request, which holds no connection while the chunk is taken."""
    while (chunk := await sync_to_async(_following)(chunks)) is not None:
        yield chunk


def _following(chunks: Iterator[str]) -> str | None:
    """The next chunk, None after the last."""
    try:
        return next(chunks, None)
    finally:
        give_back()
