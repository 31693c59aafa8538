"""Who is expected."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.lookups import invitation_by_key_id, user_by_id
from apps.accounts.models import Invitation, User
from apps.accounts.permissions import Action, can, may_give
from apps.accounts.selectors.people import sees_all_tenants
from apps.core.errors import NotFound
from apps.core.keys import INVITATION, digests_match, parse


def invitations_seen_by(viewer: User) -> QuerySet[Invitation]:
    """Return the invitations into the tenants that somebody administers, the newest first."""
    rows = Invitation.objects.select_related("tenant")
    return rows if sees_all_tenants(viewer) else rows.filter(tenant=viewer.tenant_id)


def open_invitations(viewer: User, now: datetime) -> list[Invitation]:
    """Return those that may still be used."""
    rows = invitations_seen_by(viewer).filter(used_at=None, revoked_at=None, expires_at__gt=now)
    return list(rows[:200])


def invitation_by_id(viewer: User, invitation_id: UUID) -> Invitation:
    """Return an invitation; raises NotFound."""
    found = invitations_seen_by(viewer).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("invitation_not_found", "There is no such invitation.")
    return found


def is_backed(invitation: Invitation) -> bool:
    """Tell whether whoever made an invitation could still make it: open, and of no lesser role or other tenant."""
    inviter = user_by_id(invitation.invited_by) if invitation.invited_by else None
    if inviter is None or not (can(inviter, Action.USERS_INVITE) and may_give(inviter, invitation.role)):
        return False
    return sees_all_tenants(inviter) or inviter.tenant_id == invitation.tenant_id


def invitation_presented(text: str, now: datetime) -> Invitation:
    """Return the invitation of a link while it may be used; raises NotFound, the same whatever the reason."""
    parsed = parse(text, INVITATION)
    row = invitation_by_key_id(parsed.key_id) if parsed else None
    is_right = row is not None and parsed is not None and digests_match(bytes(row.digest), parsed.digest)
    if row is None or not is_right or row.used_at or row.revoked_at or row.expires_at <= now or not is_backed(row):
        raise NotFound("invitation_over", "This invitation was used, was taken back, or has ended. Ask for a new one.")
    return row
