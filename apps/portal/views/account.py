"""My account: profile and password."""

from zoneinfo import available_timezones

from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts import services
from apps.accounts.models import AuthProvider
from apps.accounts.permissions import Action
from apps.core.errors import Conflict
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import UNPROCESSABLE, attempt, done, posted, refused
from apps.portal.forms.account import OwnProfileForm, PasswordForm


@never_cache
@require(Action.ACCOUNT_OWN)
def profile(request: SignedIn) -> HttpResponse:
    """Name, time zone and address for messages of oneself."""
    user = request.user
    known = {name: getattr(user, name) for name in OwnProfileForm.base_fields}
    form = OwnProfileForm(posted(request), initial=known)
    if form.is_valid() and attempt(form, services.update_profile, user=user, **form.cleaned_data):
        return done(request, resolve_url("accounts:profile"), "Your profile was saved.")
    context = {"form": form, "password_form": PasswordForm(), "time_zones": sorted(available_timezones())}
    context |= {"tab": "profile", "has_password": user.auth_provider == AuthProvider.LOCAL}
    return render(request, "account/profile.html", context, status=UNPROCESSABLE if form.errors else 200)


@never_cache
@sensitive_post_parameters("old_password", "new_password", "again")
@require(Action.ACCOUNT_OWN)
def change_password(request: SignedIn) -> HttpResponse:
    """A new password; other sessions of the person end."""
    if request.user.auth_provider != AuthProvider.LOCAL:
        why = Conflict("no_password", "Your password is kept by the identity provider; change it there.")
        return refused(request, resolve_url("accounts:profile"), why)
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
    return render(
        request, "account/password.html", {"form": form, "tab": "profile"}, status=UNPROCESSABLE if form.errors else 200
    )
