"""Roles that an administrator sets over what the identity provider says, for a while or until lifted."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.accounts.models import AuthProvider, User
from apps.accounts.permissions import Role
from apps.accounts.services.ending import end_everything_of
from apps.accounts.services.events import record_change
from apps.accounts.services.guards import (
    keep_an_admin,
    refuse_homeless,
    refuse_own_account,
    refuse_superuser,
    refuse_to_exceed,
    standing,
)
from apps.accounts.services.versions import locked
from apps.core.context import because
from apps.core.errors import Conflict, Invalid

COLUMNS = ["role", "role_override", "role_override_reason", "role_override_by", "role_override_until", "updated_at"]
OWN: Final = "Nobody overrides their own role"


@transaction.atomic
def override_role(
    *, actor: User, user: User, role: str, reason: str, until: datetime | None, version: int | None, now: datetime
) -> User:
    """Give somebody a role whatever the identity provider says; it holds until the time given, or until lifted.

    Raises Conflict for one's own account (what is for a while would be for good), for a local one (its role is changed
    itself), `changed_meanwhile` and `last_admin`, Forbidden for a role or an account above the actor's,
    Invalid for a time that has passed.
    """
    refuse_own_account(actor, user, OWN)
    refuse_superuser(actor, user)
    refuse_to_exceed(actor, role)
    if until is not None and until <= now:
        raise Invalid("time_has_passed", "This time has already passed.", field="until")
    with because(reason):
        keep_an_admin(user, replace(standing(user), role=role))
        row = locked(user, version)
        if row.auth_provider != AuthProvider.KEYCLOAK:
            raise Conflict("local_account", "A local account has no role to override; change its role itself.")
        refuse_to_exceed(actor, row.role)
        refuse_homeless(role, row.tenant_id)
        row.role, row.role_override, row.role_override_reason = role, True, reason
        row.role_override_by, row.role_override_until = actor.pk, until
        row.save(update_fields=COLUMNS)
        details = {"role": role, "until": until.isoformat() if until else None}
        record_change("USER_ROLE_OVERRIDDEN", row, details=details)
    row.refresh_from_db()
    return row


@transaction.atomic
def lift_override(*, actor: User, user: User, reason: str, version: int | None, now: datetime) -> User:
    """Give somebody back the role that the identity provider last gave them; whoever has none there is signed out.

    Raises Conflict for one's own account and when no override is set, Forbidden for an account above the actor's.
    """
    refuse_own_account(actor, user, OWN)
    refuse_superuser(actor, user)
    with because(reason):
        keep_an_admin(user, replace(standing(user), role=_own_role(user)))
        row = locked(user, version)
        if not row.role_override:
            raise Conflict("no_override", "No override is set.")
        refuse_to_exceed(actor, _own_role(row))
        record_change("USER_ROLE_OVERRIDE_LIFTED", row, details=_lift(row, now))
    row.refresh_from_db()
    return row


@transaction.atomic
def end_due_overrides(*, now: datetime) -> int:
    """End the overrides whose time has come; returns how many.

    Their people keep what the identity provider gives them. Whoever it gives nothing is signed out, and their API
    tokens end: only their next sign-in, where the provider is asked again, can bring them back.
    """
    due = User.objects.select_for_update().filter(role_override=True, role_override_until__lte=now)
    rows = list(due.order_by("pk"))
    for row in rows:
        record_change("USER_ROLE_OVERRIDE_ENDED", row, details=_lift(row, now))
    return len(rows)


def has_own_role(user: User) -> bool:
    """Tell whether the identity provider gives somebody a role, apart from any override."""
    return user.last_idp_role in Role.values


def _own_role(user: User) -> str:
    """Return the role somebody has without the override.

    Every row has a role: that of somebody whom the provider gives none is the least one, and opens nothing, since
    their sessions and tokens end with the override.
    """
    return user.last_idp_role if has_own_role(user) else Role.READONLY


def _lift(row: User, now: datetime) -> dict[str, Any]:
    """Take the override away; returns what to write down of it."""
    row.role, row.role_override, row.role_override_reason = _own_role(row), False, ""
    row.role_override_by = row.role_override_until = None
    row.save(update_fields=COLUMNS)
    if has_own_role(row):
        return {"role": row.role}
    return {"role": row.role, **end_everything_of(user=row, reason="no role without the override", now=now)}
