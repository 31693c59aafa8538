"""What is done to a person: one address per button."""

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Action
from apps.accounts.selectors.people import open_sessions, person_by_id, tenants_seen_by, token_of, tokens_of
from apps.accounts.services.ending import activate_person, deactivate_person
from apps.accounts.services.overrides import has_own_role, lift_override, override_role
from apps.accounts.services.people import edit_person
from apps.accounts.services.tokens import revoke_token
from apps.accounts.services.web_sessions import end_all_sessions
from apps.core.context import because
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, attempt, done, posted, show_form
from apps.portal.forms.node_actions import ReasonForm
from apps.portal.forms.people import OverrideForm, PersonForm, RoleForm, TenantForm
from apps.portal.forms.versions import VersionedReasonForm, VersionForm


def back_to(person: User) -> str:
    """The page of somebody."""
    return resolve_url("people:person", person.pk)


def saved(form: VersionForm, service: Callable[..., Any], **arguments: Any) -> Any:
    """Whether a valid form went through; a version left out counts as the newest."""
    return form.is_valid() and attempt(
        form, service, **{**arguments, **form.values()}, version=form.cleaned_data["version"]
    )


@require(Action.USERS_EDIT)
def edit(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Another name or time zone."""
    person = person_by_id(request.user, user_id)
    known = {"full_name": person.full_name, "time_zone": person.time_zone}
    form = PersonForm(posted(request), newest=person.version, initial=known)
    if form.is_valid() and attempt(
        form, edit_person, actor=request.user, user=person, changes=form.values(), version=form.cleaned_data["version"]
    ):
        return done(request, back_to(person), "Saved.")
    dialog = Dialog(f"Edit {person.email}", "Save", back_to(person), icon="user")
    dialog.extra["time_zones"] = sorted(available_timezones())
    return show_form(request, form, dialog)


@require(Action.USERS_EDIT)
def change_role(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Another role for a local account."""
    person = person_by_id(request.user, user_id)
    form = RoleForm(posted(request), newest=person.version, initial={"role": person.role})
    if form.is_valid() and _edited(request.user, person, form, "role"):
        return done(request, back_to(person), f"{person.email} is now {form.cleaned_data['role']}.")
    text = "The new role holds from the next click on, also in web sessions that are open."
    return show_form(
        request, form, Dialog(f"Role of {person.email}", "Change role", back_to(person), text, icon="users")
    )


@require(Action.USERS_EDIT)
def move(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Another tenant."""
    person, tenants = person_by_id(request.user, user_id), tenants_seen_by(request.user)
    known = {"tenant_id": str(person.tenant_id or "")}
    form = TenantForm(posted(request), tenants=tenants, newest=person.version, initial=known)
    if form.is_valid() and _edited(request.user, person, form, "tenant_id"):
        return done(request, back_to(person), f"{person.email} was moved.")
    lines = ("From the next click on they see the new tenant's nodes, and no longer those of the old one.",)
    return show_form(
        request, form, Dialog(f"Move {person.email}", "Move", back_to(person), consequences=lines, icon="login")
    )


@require(Action.USERS_OVERRIDE)
def override(request: SignedIn, user_id: UUID) -> HttpResponse:
    """A role over the identity provider's."""
    person = person_by_id(request.user, user_id)
    form = OverrideForm(posted(request), newest=person.version, initial={"role": person.role})
    if saved(form, override_role, actor=request.user, user=person, now=timezone.now()):
        return done(request, back_to(person), f"{person.email} is {form.cleaned_data['role']} until this is lifted.")
    text = "It holds whatever the identity provider says, until the time given or until somebody lifts it."
    return show_form(
        request, form, Dialog(f"Override the role of {person.email}", "Override", back_to(person), text, icon="users")
    )


@require(Action.USERS_OVERRIDE)
def lift(request: SignedIn, user_id: UUID) -> HttpResponse:
    """The identity provider's role again."""
    person = person_by_id(request.user, user_id)
    form = VersionedReasonForm(posted(request), newest=person.version)
    if saved(form, lift_override, actor=request.user, user=person, now=timezone.now()):
        return done(request, back_to(person), "The override was lifted.")
    lines = (f"The role becomes {person.last_idp_role}, as the identity provider last said.",)
    if not has_own_role(person):
        lines = ("The identity provider gives them no role: their sessions and API tokens end at once.",)
    dialog = Dialog(f"Lift the override of {person.email}", "Lift", back_to(person), consequences=lines, icon="refresh")
    return show_form(request, form, dialog)


@require(Action.USERS_DEACTIVATE)
def deactivate(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Close an account."""
    person, now = person_by_id(request.user, user_id), timezone.now()
    form = VersionedReasonForm(posted(request), newest=person.version)
    if saved(form, deactivate_person, actor=request.user, user=person, now=now):
        return done(request, back_to(person), f"{person.email} is closed; sessions and tokens ended.")
    tokens = [token for token in tokens_of(person) if not token.revoked_at and token.expires_at > now]
    ending = _counted(len(open_sessions(person, now)), "web session"), _counted(len(tokens), "API token")
    lines = (
        f"{' and '.join(ending)} end at once.",
        "They can no longer sign in. Nothing of theirs is deleted; the account can be opened again.",
    )
    dialog = Dialog(
        f"Deactivate {person.email}", "Deactivate", back_to(person), consequences=lines, is_dangerous=True, icon="ban"
    )
    return show_form(request, form, dialog)


@require(Action.USERS_DEACTIVATE)
def activate(request: SignedIn, user_id: UUID) -> HttpResponse:
    """Open a closed account again."""
    person = person_by_id(request.user, user_id)
    form = VersionedReasonForm(posted(request), newest=person.version)
    if saved(form, activate_person, actor=request.user, user=person):
        return done(request, back_to(person), f"{person.email} is open again.")
    text = "They can sign in again. Tokens that were revoked stay so."
    return show_form(request, form, Dialog(f"Activate {person.email}", "Activate", back_to(person), text, icon="check"))


@require(Action.SESSIONS_END_OTHERS)
def end_sessions(request: SignedIn, user_id: UUID) -> HttpResponse:
    """End every web session of somebody."""
    person, now = person_by_id(request.user, user_id), timezone.now()
    form = ReasonForm(posted(request))
    if form.is_valid():
        with because(form.cleaned_data["reason"]):
            count = end_all_sessions(user=person, reason="ended by an administrator", now=now)
        return done(request, back_to(person), f"{_counted(count, 'web session')} ended.")
    lines = (f"{_counted(len(open_sessions(person, now)), 'browser')} must sign in again, from the next click on.",)
    dialog = Dialog(
        f"End the web sessions of {person.email}", "End all", back_to(person), consequences=lines, is_dangerous=True,
        icon="logout",
    )  # fmt: skip
    return show_form(request, form, dialog)


@require(Action.TOKENS_REVOKE_OTHERS)
def revoke(request: SignedIn, user_id: UUID, key_id: str) -> HttpResponse:
    """End an API token of somebody."""
    person = person_by_id(request.user, user_id)
    token, form = token_of(person, key_id), ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, revoke_token, token=token, reason=form.cleaned_data["reason"], now=timezone.now()
    ):
        return done(request, back_to(person), f"“{token.name}” was revoked.")
    lines = (f"Whatever of {person.email} uses “{token.name}” is refused from this second on.",)
    dialog = Dialog(
        f"Revoke {token}", "Revoke token", back_to(person), consequences=lines, is_dangerous=True, icon="ban"
    )
    return show_form(request, form, dialog)


def _edited(actor: User, person: User, form: VersionedReasonForm, name: str) -> Any:
    """Whether the one column of a form was changed."""
    chosen = form.cleaned_data
    return attempt(
        form, edit_person, actor=actor, user=person, changes={name: chosen[name]}, version=chosen["version"],
        reason=chosen["reason"],
    )  # fmt: skip


def _counted(count: int, what: str) -> str:
    """A number of things in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"
