"""Signing in and out, and the pages about oneself."""

from datetime import timedelta
from zoneinfo import available_timezones

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services
from apps.core.errors import Throttled, Unauthenticated
from apps.portal.access import SignedIn, safe_next, signed_in
from apps.portal.dialogs import UNPROCESSABLE, attempt, done, posted
from apps.portal.forms.account import PasswordForm, ProfileForm, SignInForm


@never_cache
@sensitive_post_parameters("password")
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Open a session; a refusal says no more than it must, a wait says how long."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.user.is_authenticated:
        return redirect(safe_next(request, wanted))
    form = SignInForm(posted(request), initial={"next": wanted})
    retry_at, status = None, 200
    if form.is_bound and form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            services.sign_in(request=request, email=email, password=password, now=timezone.now())
            return redirect(safe_next(request, wanted))
        except Unauthenticated as refusal:
            form.add_error(None, refusal.detail)
            status = refusal.status
        except Throttled as refusal:
            retry_at, status = timezone.now() + timedelta(seconds=refusal.retry_after), refusal.status
    return render(request, "account/sign_in.html", {"form": form, "retry_at": retry_at}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    services.sign_out(request=request, now=timezone.now())
    return redirect("accounts:sign-in")


@never_cache
@signed_in
def profile(request: SignedIn) -> HttpResponse:
    """Name and time zone of oneself."""
    user = request.user
    form = ProfileForm(posted(request), initial={"full_name": user.full_name, "time_zone": user.time_zone})
    if form.is_valid() and attempt(form, services.update_profile, user=user, **form.cleaned_data):
        return done(request, resolve_url("accounts:profile"), "Your profile was saved.")
    context = {"form": form, "password_form": PasswordForm(), "time_zones": sorted(available_timezones())}
    return render(request, "account/profile.html", context, status=UNPROCESSABLE if form.errors else 200)


@never_cache
@sensitive_post_parameters("old_password", "new_password", "again")
@signed_in
def change_password(request: SignedIn) -> HttpResponse:
    """A new password; other sessions of the person end."""
    form = PasswordForm(posted(request))
    if form.is_valid() and attempt(
        form,
        services.change_password,
        request=request,
        old=form.cleaned_data["old_password"],
        new=form.cleaned_data["new_password"],
        now=timezone.now(),
    ):
        return done(request, resolve_url("accounts:profile"), "Your password was changed. Other sessions were ended.")
    return render(request, "account/password.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)
