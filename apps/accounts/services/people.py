"""The first administrator, the first tenant, and what is changed about people by themselves and by administrators."""

import secrets
from dataclasses import replace
from typing import Any, Final
from zoneinfo import available_timezones

from django.db import transaction

from apps.accounts.models import AuthProvider, Tenant, User
from apps.accounts.permissions import Role
from apps.accounts.services.events import record_about, record_change
from apps.accounts.services.guards import (
    keep_an_admin,
    refuse_foreign_tenant,
    refuse_homeless,
    refuse_own_account,
    refuse_superuser,
    refuse_to_exceed,
    standing,
)
from apps.accounts.services.versions import locked
from apps.core.context import because
from apps.core.errors import Conflict, Invalid

DEFAULT_TENANT = "default"
EDITABLE: Final = ("full_name", "time_zone", "role", "tenant_id")


@transaction.atomic
def ensure_admin(*, email: str) -> str | None:
    """Create the first ADMIN with a random password and return it; None when there is an ADMIN already.

    Raises Conflict when the e-mail belongs to a closed or lesser account: nobody is promoted by a script.
    """
    if User.objects.filter(role=Role.ADMIN, is_active=True).exists():
        return None
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "email_taken", f"{email} belongs to an account that is no open ADMIN; name another.", field="email"
        )
    password = secrets.token_urlsafe(15)
    user = User(email=email, full_name="Administrator", role=Role.ADMIN, username="admin")
    user.set_password(password)
    user.save()
    record_about("FIRST_ADMIN_CREATED", user)
    return password


def default_tenant() -> Tenant:
    """Return the tenant that exists from the start."""
    return Tenant.objects.get(slug=DEFAULT_TENANT)


@transaction.atomic
def update_profile(*, user: User, full_name: str, time_zone: str, notification_email: str | None = None) -> User:
    """Change one's own name, time zone and, where given, address for messages; raises Invalid for an unknown zone."""
    user.full_name, user.time_zone = full_name, known_zone(time_zone)
    if notification_email is not None:
        user.notification_email = notification_email
    user.save(update_fields=["full_name", "time_zone", "notification_email", "updated_at"])
    record_about("PROFILE_CHANGED", user)
    user.refresh_from_db(fields=["version"])
    return user


def known_zone(name: str) -> str:
    """Return the name of a time zone; raises Invalid for one nobody keeps."""
    if name not in available_timezones():
        raise Invalid("unknown_time_zone", f"There is no time zone called “{name[:60]}”.", field="time_zone")
    return name


@transaction.atomic
def edit_person(*, actor: User, user: User, changes: dict[str, Any], version: int | None, reason: str = "") -> User:
    """Change name, time zone, role or tenant of somebody.

    Raises Invalid for any other column, Conflict `changed_meanwhile`, `last_admin`, `own_account` for one's own role,
    or `role_from_provider` (such a role is overridden), Forbidden beyond the actor's own role or tenant, and
    for the account of a superuser.
    """
    refuse_superuser(actor, user)
    for name in changes:
        if name not in EDITABLE:
            raise Invalid("read_only_field", f"“{name}” cannot be changed here.", field=name)
    with because(reason):
        keep_an_admin(user, replace(standing(user), **{k: v for k, v in changes.items() if k in ("role", "tenant_id")}))
        row = locked(user, version)
        changed = [name for name, value in changes.items() if getattr(row, name) != value]
        if not changed:
            return row
        _check(actor, row, {name: changes[name] for name in changed})
        for name in changed:
            setattr(row, name, changes[name])
        refuse_homeless(row.role, row.tenant_id)
        row.save(update_fields=[*changed, "updated_at"])
        record_change(_event(changed), row, details={"fields": sorted(changed)})
    row.refresh_from_db()
    return row


def _check(actor: User, user: User, changes: dict[str, Any]) -> None:
    """Refuse what this actor cannot change of this person."""
    if "time_zone" in changes:
        known_zone(changes["time_zone"])
    if "role" in changes:
        refuse_own_account(actor, user, "Nobody changes their own role")
        if user.auth_provider != AuthProvider.LOCAL:
            message = "This role comes from the identity provider; override it instead."
            raise Conflict("role_from_provider", message, field="role")
        refuse_to_exceed(actor, user.role)
        refuse_to_exceed(actor, changes["role"])
    if "tenant_id" in changes:
        refuse_foreign_tenant(actor, changes["tenant_id"])
        if changes["tenant_id"] and not Tenant.objects.filter(pk=changes["tenant_id"], is_active=True).exists():
            raise Invalid("unknown_tenant", "There is no such open tenant.", field="tenant")


def _event(changed: list[str]) -> str:
    """Return the name of the event: by the weightiest change."""
    weighty = {"role": "USER_ROLE_CHANGED", "tenant_id": "USER_MOVED"}
    return next((event for name, event in weighty.items() if name in changed), "USER_EDITED")
