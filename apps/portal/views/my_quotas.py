"""My limits and my requests for more; and what I may do and why."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.accounts.rights import explain, scope_of, token_allows
from apps.accounts.selectors.people import tokens_of
from apps.accounts.selectors.quotas import Subject, limits_of, own_request, raises_of, requests_of
from apps.accounts.services.quotas import request_quota, withdraw_request
from apps.core.errors import PortalError
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, attempt, confirm, done, posted, refused, show_form
from apps.portal.forms.me import QuotaRequestForm

WORDS = "Say only what you need more of. An administrator decides; you see the answer on this page."


@never_cache
@require_GET
@require(Action.ACCOUNT_OWN)
def quotas(request: SignedIn) -> HttpResponse:
    """How much one may use, and what one asked for."""
    now, me = timezone.now(), Subject(user=request.user)
    requests = requests_of(request.user)
    context = {
        "limits": limits_of(me, now),
        "raises": raises_of(me, now),
        "tenant_limits": limits_of(Subject(tenant=request.user.tenant), now) if request.user.tenant else [],
        "requests": requests,
        "has_open": any(row.status == "open" for row in requests),
        "tab": "quotas",
    }
    return render(request, "account/quotas.html", context)


@require(Action.QUOTAS_REQUEST)
def ask(request: SignedIn) -> HttpResponse:
    """Ask for more."""
    form, back = QuotaRequestForm(posted(request)), resolve_url("accounts:quotas")
    if form.is_valid():
        chosen = form.cleaned_data
        wish = {"amounts": form.amounts(), "reason": chosen["reason"], "until": chosen["until"]}
        if attempt(form, request_quota, user=request.user, now=timezone.now(), **wish):
            return done(request, back, "Your request is waiting for an administrator.")
    return show_form(request, form, Dialog("Ask for more quota", "Send request", back, WORDS, icon="plus"))


@require(Action.QUOTAS_REQUEST)
def withdraw(request: SignedIn, request_id: UUID) -> HttpResponse:
    """Take one's open request back."""
    row, back = own_request(request.user, request_id), resolve_url("accounts:quotas")
    if request.method != "POST":
        lines = ("Nobody will decide it; you may ask again.",)
        return confirm(request, Dialog("Withdraw your request", "Withdraw", back, consequences=lines, icon="x"))
    try:
        withdraw_request(request=row, now=timezone.now())
    except PortalError as refusal:
        return refused(request, back, refusal)
    return done(request, back, "Your request was withdrawn.")


@never_cache
@require_GET
@require(Action.ACCOUNT_OWN)
def rights(request: SignedIn) -> HttpResponse:
    """What one may do, and why."""
    me = request.user
    tokens = [(token, token_allows(token)) for token in tokens_of(me)]
    context = {"person": me, "rights": explain(me), "scope": scope_of(me), "tokens": tokens, "tab": "rights"}
    return render(request, "account/rights.html", context)
