"""Takes a person out for good: their account with all that belongs to it, and who they were in the audit log."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Invitation, User
from apps.accounts.services.database_logins import close_database_login
from apps.accounts.services.guards import Standing, keep_an_admin
from apps.audit import services as audit
from apps.audit.selectors import erased_people


@transaction.atomic
def erase_person(*, user: User, now: datetime) -> int:
    """Delete an account and blank who they were in every audit entry; returns how many entries changed.

    Only the database's owner may. Raises Conflict for the last one who can administer.
    """
    keep_an_admin(user, becomes=Standing(user.role, is_active=False, tenant_id=user.tenant_id))
    # What goes leaves images with who they were; so the log comes last.
    return audit.erase_people(people=_remove(user), now=now)


@transaction.atomic
def erase_again(*, people: Sequence[UUID], now: datetime) -> int:
    """Erase these people and all with a tombstone, whose accounts and traces an older backup brought back.

    Returns how many entries changed.
    """
    wanted = {*people, *erased_people()}
    Invitation.objects.filter(pk__in=wanted).delete()
    for user in User.objects.filter(pk__in=wanted):
        wanted |= set(_remove(user))
    return audit.erase_again(people=sorted(wanted), now=now)


def _remove(user: User) -> list[UUID]:
    """Delete an account and what belongs to it; returns the ids under which the log knows them."""
    for login in user.database_logins.all():
        close_database_login(name=login.role_name)
    invitations = Invitation.objects.filter(Q(user=user) | Q(email__iexact=user.email))
    known_as = [user.pk, *invitations.values_list("pk", flat=True)]
    invitations.delete()
    user.delete()
    return known_as
