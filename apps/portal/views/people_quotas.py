"""Quotas of people and tenants, and the inbox of requests for more."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET

from apps.accounts.limits import AMOUNTS
from apps.accounts.models import QuotaRequest, Strictness
from apps.accounts.permissions import Action, can
from apps.accounts.selectors.people import person_by_id, tenants_seen_by
from apps.accounts.selectors.quotas import Subject, all_quotas, limits_of, quota_of, request_by_id, requests_page
from apps.accounts.services.quotas import decide_request, set_quota
from apps.core.errors import NotFound
from apps.core.paging import BadCursor
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, attempt, done, posted, show_form
from apps.portal.forms.people import DecisionForm, QuotaForm
from apps.portal.wording import plain

KINDS = {
    Strictness.HARD.value: "Hard: nothing beyond it. Empty = no limit.",
    Strictness.SOFT.value: "Soft: may be passed for the grace time. Empty = no limit.",
}


@require_GET
@require(Action.QUOTAS_VIEW)
def quotas(request: SignedIn) -> HttpResponse:
    """Every quota, and the tenants that have none."""
    decides = can(request.user, Action.QUOTAS_DECIDE)
    context = {
        "quotas": all_quotas(request.user),
        "tenants": tenants_seen_by(request.user),
        "kinds": KINDS,
        "waiting": len(requests_page(request.user, "open").rows) if decides else None,
        "tab": "quotas",
    }
    return render(request, "people/quotas.html", context)


@require_GET
@require(Action.QUOTAS_DECIDE)
def requests(request: SignedIn) -> HttpResponse:
    """What people ask for, the open ones unless another state is asked for."""
    status = request.GET.get("status", "open")
    complaints = []
    try:
        page = requests_page(request.user, "" if status == "all" else status, request.GET.get("after"))
    except BadCursor as refusal:
        page, complaints = requests_page(request.user, status), [refusal.detail]
    context = {"page": page, "status": status, "complaints": complaints, "tab": "quotas"}
    return render(request, "people/quota_requests.html", context, status=400 if complaints else 200)


@require(Action.QUOTAS_EDIT)
def set_of_person(request: SignedIn, user_id: UUID, kind: str) -> HttpResponse:
    """Set a quota of somebody."""
    person = person_by_id(request.user, user_id)
    return _set(request, Subject(user=person), kind, resolve_url("people:person", person.pk))


@require(Action.QUOTAS_EDIT)
def set_of_tenant(request: SignedIn, tenant_id: UUID, kind: str) -> HttpResponse:
    """Set a quota of a tenant."""
    for tenant in tenants_seen_by(request.user):
        if tenant.pk == tenant_id:
            return _set(request, Subject(tenant=tenant), kind, resolve_url("people:quotas"))
    raise NotFound("tenant_not_found", "There is no such tenant.")


def typed(value: object) -> object:
    """A value as people would type it: whole numbers without a point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _set(request: SignedIn, subject: Subject, kind: str, back: str) -> HttpResponse:
    """The form of one quota."""
    if kind not in KINDS:
        raise NotFound("quota_not_found", "A quota is hard or soft.")
    row = quota_of(subject, kind)
    known = {name: typed(getattr(row, name)) for name in QuotaForm.base_fields if hasattr(row, name)} if row else {}
    form = QuotaForm(posted(request), newest=row.version if row else None, initial=known)
    if form.is_valid():
        values = form.values()
        version, reason = form.cleaned_data["version"], values.pop("reason")
        values["grace_minutes"] = values["grace_minutes"] or 0
        if attempt(
            form, set_quota, subject=subject, strictness=kind, values=values, version=version, reason=reason,
            now=timezone.now(),
        ):  # fmt: skip
            return done(request, back, f"The {kind} quota of {subject} was set.")
    dialog = Dialog(f"{kind.capitalize()} quota of {subject}", "Set quota", back, KINDS[kind], icon="list-details")
    return show_form(request, form, dialog)


@require(Action.QUOTAS_DECIDE)
def approve(request: SignedIn, request_id: UUID) -> HttpResponse:
    """Give what was asked for."""
    row = request_by_id(request.user, request_id)
    until = f"until {localtime(row.until):%d %b %Y, %H:%M}" if row.until else "for good"
    hard = {limit.name: limit.hard for limit in limits_of(Subject(user=row.user), timezone.now())}
    now = {name: "no limit, stays so; asked for" if each is None else f"{plain(each)} →" for name, each in hard.items()}
    lines = tuple(
        f"{label}: {now[name]} {plain(getattr(row, name))} {unit}".rstrip()
        for name, (label, unit) in AMOUNTS.items()
        if getattr(row, name) is not None
    )
    dialog = Dialog(
        f"Approve {row.user.email}", "Approve", resolve_url("people:quota-requests"), f"The limits are raised {until}.",
        lines, icon="check",
    )  # fmt: skip
    return _decide(request, row, dialog, is_approved=True)


@require(Action.QUOTAS_DECIDE)
def refuse(request: SignedIn, request_id: UUID) -> HttpResponse:
    """Leave the limits as they are."""
    row = request_by_id(request.user, request_id)
    back = resolve_url("people:quota-requests")
    dialog = Dialog(
        f"Refuse {row.user.email}", "Refuse", back, "The limits stay as they are.", icon="x", is_dangerous=True
    )
    return _decide(request, row, dialog, is_approved=False)


def _decide(request: SignedIn, row: QuotaRequest, dialog: Dialog, *, is_approved: bool) -> HttpResponse:
    """The form of a decision."""
    form = DecisionForm(posted(request))
    if form.is_valid() and attempt(
        form, decide_request, actor=request.user, request=row, is_approved=is_approved,
        comment=form.cleaned_data["comment"], now=timezone.now(),
    ):  # fmt: skip
        return done(request, dialog.back, f"The request was {'approved' if is_approved else 'refused'}.")
    return show_form(request, form, dialog)
