"""Signing in and out: through the identity provider where there is one, else by a local password."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services
from apps.accounts.oidc import sign_out_address
from apps.accounts.services.web_sessions import web_session_of
from apps.core.errors import Throttled, Unauthenticated
from apps.portal.access import safe_next
from apps.portal.dialogs import posted
from apps.portal.forms.account import SignInForm


@never_cache
@sensitive_post_parameters("password")
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The way in: a button that leads to the identity provider, or the form where there is none."""
    if not settings.OMEGA.has_identity_provider:
        return _by_password(request, is_break_glass=False)
    wanted = request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(safe_next(request, wanted))
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return render(request, "account/sign_in.html", {"next": wanted})


@never_cache
@sensitive_post_parameters("password")
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_local(request: HttpRequest) -> HttpResponse:
    """Break-glass: superusers by their local password while the identity provider is away; absent unless enabled."""
    if not (settings.OMEGA.has_identity_provider and settings.OMEGA.break_glass):
        raise Http404
    return _by_password(request, is_break_glass=True)


def _by_password(request: HttpRequest, *, is_break_glass: bool) -> HttpResponse:
    """Open a session; a refusal says no more than it must, a wait says how long."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(safe_next(request, wanted))
    form = SignInForm(posted(request), initial={"next": wanted})
    retry_at, status = None, 200
    if form.is_bound and form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        sign_in_by = services.break_glass if is_break_glass else services.sign_in
        try:
            sign_in_by(request=request, email=email, password=password, now=timezone.now())
            return redirect(safe_next(request, wanted))
        except Unauthenticated as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        except Throttled as refusal:
            retry_at, status = timezone.now() + timedelta(seconds=refusal.retry_after), refusal.status
    context = {"form": form, "retry_at": retry_at, "is_break_glass": is_break_glass}
    return render(request, "account/sign_in.html", context, status=status)


@transaction.non_atomic_requests
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session; who came through the identity provider signs out there too."""
    session = web_session_of(request)
    address = sign_out_address(request, session) if session else None
    services.sign_out(request=request, now=timezone.now())
    return redirect(address or "accounts:sign-in")
