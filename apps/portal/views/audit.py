"""The audit list and its export."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import Action
from apps.audit.models import AuditLog, Category
from apps.audit.selectors import AuditFilters, audit_entries, audit_page
from apps.audit.services import record
from apps.core.paging import BadCursor
from apps.portal.access import require
from apps.portal.audit_rows import COLUMNS, csv_line, shown
from apps.portal.forms.filters import AuditFilterForm

MOST_EXPORTED = 50_000


def filters_of(form: AuditFilterForm) -> AuditFilters:
    """What the valid part of an address asks for."""
    chosen = form.chosen()
    return AuditFilters(
        category=chosen.get("category", ""),
        action=chosen.get("action", ""),
        user_email=chosen.get("person", ""),
        resource_id=chosen.get("resource", ""),
        status=chosen.get("status", ""),
        text=chosen.get("q", ""),
        since=chosen.get("since"),
        until=chosen.get("until"),
        with_row_images=chosen.get("rows", False),
    )


@require_GET
@require(Action.AUDIT_VIEW)
def audit_list(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first; a damaged address shows the first page and says so."""
    form = AuditFilterForm(request.GET)
    filters = filters_of(form)
    complaints = form.complaints()
    try:
        page = audit_page(filters, request.GET.get("after"))
    except BadCursor as refusal:
        page = audit_page(filters)
        complaints.append(refusal.detail)
    context = {"form": form, "page": page, "rows": [shown(row) for row in page.rows], "complaints": complaints}
    template = "audit/_table.html" if "HX-Request" in request.headers else "audit/list.html"
    return render(request, template, context, status=400 if complaints else 200)


@require_POST
@require(Action.AUDIT_EXPORT)
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """The filtered entries as CSV; the export is itself an entry."""
    filters = filters_of(AuditFilterForm(request.POST))
    rows = list(audit_entries(filters)[:MOST_EXPORTED])
    record(
        action="AUDIT_EXPORTED",
        category=Category.SYSTEM,
        resource_type="audit_log",
        description=f"{len(rows)} entries exported as CSV",
        details={"filters": {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}},
    )
    answer = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y%m%d-%H%M%S}.csv"'
    return answer


def csv_lines(rows: list[AuditLog]) -> Iterator[str]:
    """The head line, then a line per entry."""
    yield csv_line(COLUMNS)
    for row in rows:
        yield csv_line([str(getattr(row, name) if getattr(row, name) is not None else "") for name in COLUMNS])
