"""My API tokens: made and shown once, listed, revoked."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import TokenScope
from apps.accounts.permissions import Action
from apps.accounts.selectors.people import token_of, tokens_of
from apps.accounts.services.tokens import create_token, revoke_token
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, attempt, done, posted, show, show_form
from apps.portal.forms.me import TokenForm
from apps.portal.forms.node_actions import ReasonForm

WORDS = "It lets a program use the REST API in your name. It is shown once, right after this."


@never_cache
@require_GET
@require(Action.TOKENS_OWN)
def tokens(request: SignedIn) -> HttpResponse:
    """Every token, also those that ended, and when each was last used."""
    return render(request, "account/tokens.html", {"tokens": tokens_of(request.user), "tab": "tokens"})


@require(Action.TOKENS_OWN)
def new(request: SignedIn) -> HttpResponse:
    """Ask what a token is for, then show it once."""
    form, back = TokenForm(posted(request)), resolve_url("accounts:tokens")
    if form.is_valid():
        chosen = form.cleaned_data
        issued = attempt(
            form, create_token, user=request.user, name=chosen["name"], can_write=chosen["scope"] == TokenScope.WRITE,
            days=chosen["days"], allowed_ips=chosen["allowed_ips"], now=timezone.now(),
        )  # fmt: skip
        if issued:
            context = {"issued": issued, "back": back, "api": f"{settings.OMEGA.public_url}/api/v1/me/"}
            return show(request, "account/_token_once.html", context)
    return show_form(request, form, Dialog("New API token", "Make token", back, WORDS, icon="key"))


@require(Action.TOKENS_OWN)
def revoke(request: SignedIn, key_id: str) -> HttpResponse:
    """End a token at once."""
    token, back = token_of(request.user, key_id), resolve_url("accounts:tokens")
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, revoke_token, token=token, reason=form.cleaned_data["reason"], now=timezone.now()
    ):
        return done(request, back, f"“{token.name}” was revoked.")
    lines = (f"Whatever uses “{token.name}” is refused from this second on.",)
    dialog = Dialog(f"Revoke {token}", "Revoke token", back, consequences=lines, is_dangerous=True, icon="ban")
    return show_form(request, form, dialog)
