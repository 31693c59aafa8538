"""The audit list, how its seals stand, and the wish to verify them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import Action
from apps.audit.selectors import audit_page, seal_state
from apps.audit.services import request_verification
from apps.core.errors import Conflict
from apps.core.paging import BadCursor
from apps.portal.access import SignedIn, require
from apps.portal.audit_rows import shown
from apps.portal.dialogs import done, refused
from apps.portal.forms.filters import AuditFilterForm


@require_GET
@require(Action.AUDIT_VIEW)
def audit_list(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first; a damaged address shows the first page and says so."""
    form = AuditFilterForm(request.GET)
    filters = form.filters()
    complaints = form.complaints()
    try:
        page = audit_page(filters, request.GET.get("after"))
    except BadCursor as refusal:
        page = audit_page(filters)
        complaints.append(refusal.detail)
    context = {"form": form, "page": page, "rows": [shown(row) for row in page.rows], "complaints": complaints}
    status = 400 if complaints else 200
    if "HX-Request" in request.headers:
        return render(request, "audit/_table.html", context, status=status)
    return render(request, "audit/list.html", {**context, "state": seal_state()}, status=status)


@require_GET
@require(Action.AUDIT_VIEW)
def audit_seals(request: HttpRequest) -> HttpResponse:
    """How the seals stand, as the part of the page that is read again."""
    return render(request, "audit/_seals.html", {"state": seal_state()})


@require_POST
@require(Action.AUDIT_VERIFY)
def audit_verify(request: SignedIn) -> HttpResponse:
    """Ask for a verification of all seals; a worker does it, and the page shows how far it got."""
    back = resolve_url("audit:list")
    try:
        request_verification(by=request.user.pk, now=timezone.now())
    except Conflict as refusal:
        return refused(request, back, refusal)
    return done(request, back, "All seals are being verified; this page shows how far it got.")
