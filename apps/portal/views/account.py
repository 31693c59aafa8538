"""The pages about oneself."""

from zoneinfo import available_timezones

from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts import services
from apps.portal.access import SignedIn, signed_in
from apps.portal.dialogs import UNPROCESSABLE, attempt, done, posted
from apps.portal.forms.account import PasswordForm, ProfileForm


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
