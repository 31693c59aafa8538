"""The end of accounts: what was open a moment ago is refused from the next request on."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from apps.accounts.models import ApiToken, Invitation, User, WebSession
from apps.accounts.services.events import record_change
from apps.accounts.services.guards import (
    keep_an_admin,
    refuse_own_account,
    refuse_superuser,
    refuse_to_exceed,
    standing,
)
from apps.accounts.services.versions import locked
from apps.accounts.services.web_sessions import close_sessions
from apps.core.context import acting, as_system, because, current
from apps.core.errors import Conflict


@transaction.atomic
def deactivate_person(*, actor: User, user: User, reason: str, version: int | None, now: datetime) -> User:
    """Close an account: its web sessions, its API tokens and the invitations it made end at once.

    Raises Conflict for one's own account, a closed one, `changed_meanwhile` and `last_admin`, Forbidden for an account
    above the actor's.
    """
    refuse_own_account(actor, user, "Nobody closes their own account")
    refuse_superuser(actor, user)
    with because(reason):
        keep_an_admin(user, replace(standing(user), is_active=False))
        row = locked(user, version)
        refuse_to_exceed(actor, row.role)
        _switch(row, is_active=False)
        ended = end_everything_of(user=row, reason="account closed", now=now)
        record_change("USER_DEACTIVATED", row, details=ended)
    row.refresh_from_db()
    return row


def end_everything_of(*, user: User, reason: str, now: datetime) -> dict[str, int]:
    """End the web sessions and API tokens of an account, and the invitations it made; returns how many of each.

    Runs in the caller's transaction.
    """
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    ended = close_sessions(sessions=WebSession.objects.filter(user=user), reason=reason, now=now)
    with acting(as_system(current().user_email, current().user_id)):
        made = Invitation.objects.filter(invited_by=user.pk, used_at=None, revoked_at=None)
        invitations = made.update(revoked_at=now)
    return {"sessions": ended, "tokens": tokens, "invitations": invitations}


@transaction.atomic
def activate_person(*, actor: User, user: User, reason: str, version: int | None) -> User:
    """Open a closed account again; its tokens stay revoked.

    Raises Conflict for an open one, Forbidden for one above the actor's.
    """
    refuse_superuser(actor, user)
    with because(reason):
        row = locked(user, version)
        refuse_to_exceed(actor, row.role)
        _switch(row, is_active=True)
        record_change("USER_ACTIVATED", row)
    row.refresh_from_db()
    return row


def _switch(row: User, *, is_active: bool) -> None:
    """Open or close; raises Conflict when it is so already."""
    if row.is_active == is_active:
        raise Conflict("already_so", f"The account is {'open' if is_active else 'closed'} already.")
    row.is_active = is_active
    row.save(update_fields=["is_active", "updated_at"])
