"""Invitations: made and shown once, listed, taken back; and the page where the invited person comes in."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.permissions import Action
from apps.accounts.selectors.invitations import invitation_by_id, invitation_presented, open_invitations
from apps.accounts.selectors.people import sees_all_tenants, tenants_seen_by
from apps.accounts.services.invitations import accept_invitation, has_identity_provider, invite, revoke_invitation
from apps.core.errors import NotFound, PortalError
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import UNPROCESSABLE, Dialog, attempt, confirm, done, posted, refused, show, show_form
from apps.portal.forms.people import AcceptForm, InviteForm

LOCAL_WORDS = "You get a link to pass on, shown once. It lets one person choose a password, and ends after 7 days."
PROVIDER_WORDS = "Whoever signs in at the identity provider with this verified e-mail is let in. It ends after 7 days."


@require_GET
@require(Action.USERS_INVITE)
def invitations(request: SignedIn) -> HttpResponse:
    """Who is expected."""
    rows = open_invitations(request.user, timezone.now())
    context = {"invitations": rows, "tab": "invitations", "shows_tenant": sees_all_tenants(request.user)}
    return render(request, "people/invitations.html", context)


@require(Action.USERS_INVITE)
def new(request: SignedIn) -> HttpResponse:
    """Ask who is expected, then show the link once."""
    back = resolve_url("people:invitations")
    form = InviteForm(posted(request), tenants=tenants_seen_by(request.user))
    if form.is_valid():
        issued = attempt(form, invite, actor=request.user, now=timezone.now(), **form.cleaned_data)
        if issued:
            link = f"{settings.OMEGA.public_url}{resolve_url('accounts:invitation', issued.text)}"
            context = {"issued": issued, "link": link, "back": back, "has_provider": has_identity_provider()}
            return show(request, "people/_invitation_once.html", context)
    words = PROVIDER_WORDS if has_identity_provider() else LOCAL_WORDS
    return show_form(request, form, Dialog("Invite somebody", "Invite", back, words, icon="plus"))


@require(Action.USERS_INVITE)
def revoke(request: SignedIn, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    row, back = invitation_by_id(request.user, invitation_id), resolve_url("people:invitations")
    if request.method != "POST":
        lines = ("Its link opens nothing any more.",)
        dialog = Dialog(f"Take back the invitation of {row.email}", "Take back", back, consequences=lines, icon="ban")
        return confirm(request, dialog)
    try:
        revoke_invitation(invitation=row, now=timezone.now())
    except PortalError as refusal:
        return refused(request, back, refusal)
    return done(request, back, "The invitation was taken back.")


@never_cache
@sensitive_post_parameters("new_password", "again")
@sensitive_variables("text", "form")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, text: str) -> HttpResponse:
    """Choose a first password and come in; merely looking uses nothing up."""
    try:
        invitation = invitation_presented(text, timezone.now())
    except NotFound as refusal:
        return render(request, "account/invitation.html", {"refusal": refusal.detail}, status=refusal.status)
    context = {"invitation": invitation, "has_provider": has_identity_provider()}
    if context["has_provider"]:
        return render(request, "account/invitation.html", context)
    form = AcceptForm(posted(request), initial={"full_name": invitation.full_name})
    if form.is_valid():
        chosen = {"full_name": form.cleaned_data["full_name"], "password": form.cleaned_data["new_password"]}
        if attempt(form, accept_invitation, request=request, text=text, now=timezone.now(), **chosen):
            return redirect("overview")
    return render(
        request, "account/invitation.html", {**context, "form": form}, status=UNPROCESSABLE if form.errors else 200
    )
