"""The role mapping: a table, the values nobody mapped yet, and a trial."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.permissions import Action
from apps.accounts.selectors.people import sees_all_tenants
from apps.accounts.selectors.roles import mapping_by_id, mappings, try_claims, unknown_claims
from apps.accounts.services.mappings import add_mapping, edit_mapping, remove_mapping
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import UNPROCESSABLE, Dialog, attempt, done, is_fragment, posted, show_form
from apps.portal.forms.people import MappingForm, TrialForm
from apps.portal.forms.versions import VersionedReasonForm

WORDS = (
    "Of several values that a person brings, the mightiest role counts. It holds from the next log-in or revalidation."
)


@require_GET
@require(Action.ROLES_MAP)
def roles(request: SignedIn) -> HttpResponse:
    """What the mapping says, and what it does not know."""
    return page(request, TrialForm())


@require_POST
@require(Action.ROLES_MAP)
def trial(request: SignedIn) -> HttpResponse:
    """Which role pasted claims would give, and why; nothing is kept."""
    form = TrialForm(request.POST)
    decision = attempt(form, try_claims, text=form.cleaned_data["claims"]) if form.is_valid() else None
    status = UNPROCESSABLE if form.errors else 200
    if is_fragment(request):
        context = {"form": form, "decision": decision, "claim": settings.OMEGA.oidc_roles_claim}
        return render(request, "roles/_trial.html", context, status=status)
    return page(request, form, decision, status)


def page(request: SignedIn, form: TrialForm, decision: object = None, status: int = 200) -> HttpResponse:
    """The whole page."""
    context = {
        "mappings": mappings(),
        "unknown": unknown_claims(),
        "form": form,
        "decision": decision,
        "claim": settings.OMEGA.oidc_roles_claim,
        "has_provider": bool(settings.OMEGA.oidc_issuer),
        "may_change": sees_all_tenants(request.user),
        "tab": "roles",
        "now": timezone.now(),
    }
    return render(request, "roles/page.html", context, status=status)


@require(Action.ROLES_MAP)
def new(request: SignedIn) -> HttpResponse:
    """Map one more value; an unknown one is filled in."""
    back = resolve_url("people:roles")
    known = {"claim_value": request.GET.get("value", "")[:255]}
    form = MappingForm(posted(request), newest=None, initial=known)
    if form.is_valid() and attempt(form, add_mapping, actor=request.user, **form.values()):
        return done(request, back, f"“{form.cleaned_data['claim_value']}” was mapped.")
    return show_form(request, form, Dialog("Map a value to a role", "Map it", back, WORDS, icon="plus"))


@require(Action.ROLES_MAP)
def edit(request: SignedIn, mapping_id: UUID) -> HttpResponse:
    """Change one line."""
    row, back = mapping_by_id(mapping_id), resolve_url("people:roles")
    known = {"claim_value": row.claim_value, "role": row.role, "comment": row.comment}
    form = MappingForm(posted(request), newest=row.version, initial=known)
    if form.is_valid() and attempt(
        form, edit_mapping, actor=request.user, mapping=row, version=form.cleaned_data["version"], **form.values()
    ):
        return done(request, back, "The mapping was saved.")
    return show_form(request, form, Dialog(f"Mapping of “{row.claim_value}”", "Save", back, WORDS, icon="users"))


@require(Action.ROLES_MAP)
def remove(request: SignedIn, mapping_id: UUID) -> HttpResponse:
    """Take one line away."""
    row, back = mapping_by_id(mapping_id), resolve_url("people:roles")
    form = VersionedReasonForm(posted(request), newest=row.version)
    if form.is_valid() and attempt(
        form, remove_mapping, actor=request.user, mapping=row, version=form.cleaned_data["version"], **form.values()
    ):
        return done(request, back, f"“{row.claim_value}” is no longer mapped.")
    lines = (
        f"“{row.claim_value}” gives no role any more; until now it gives {row.role}.",
        "Whoever has no other mapped value is refused at the next log-in or revalidation.",
    )
    dialog = Dialog(
        f"Remove the mapping of “{row.claim_value}”",
        "Remove",
        back,
        consequences=lines,
        is_dangerous=True,
        icon="trash",
    )
    return show_form(request, form, dialog)
