"""Invitations: made and shown once, taken back, accepted with a first password."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.lookups import user_by_email
from apps.accounts.models import Invitation, User
from apps.accounts.selectors.invitations import invitation_presented, is_backed
from apps.accounts.services.guards import may_be_linked, refuse_foreign_tenant, refuse_to_exceed
from apps.accounts.services.web_sessions import begin_session
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import acting, as_system, current
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.keys import INVITATION, new_key

LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation: the text of its link is shown once and kept nowhere."""

    text: str = field(repr=False)
    row: Invitation


def has_identity_provider() -> bool:
    """Tell whether people sign in with an identity provider, so that no password is asked for."""
    return bool(settings.OMEGA.oidc_issuer)


@transaction.atomic
def invite(
    *,
    actor: User,
    email: str,
    full_name: str,
    role: str,
    tenant_id: UUID,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> IssuedInvitation:
    """Expect somebody. Raises Conflict when they have an account or an open invitation, Forbidden beyond one's own.

    With an identity provider, an invitation for the e-mail of an account that is there lets the two be linked.
    """
    refuse_to_exceed(actor, role)
    refuse_foreign_tenant(actor, tenant_id)
    email = email.strip().lower()
    known = user_by_email(email)
    is_linkable = known is not None and may_be_linked(known) and known.tenant_id == tenant_id
    if known is not None and not (has_identity_provider() and is_linkable):
        raise Conflict("email_taken", "Somebody has this e-mail already.", field="email")
    with acting(as_system(current().user_email, current().user_id)):
        revoke_expired(of=Invitation.objects.filter(email__iexact=email), now=now)
    made = new_key(INVITATION)
    row = Invitation(
        tenant_id=tenant_id, email=email, full_name=full_name, role=role, user=known, key_id=made.key_id,
        digest=made.digest, invited_by=actor.pk, created_at=now, expires_at=now + lifetime,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict("already_invited", "An open invitation for this e-mail exists.", field="email") from None
    _record("USER_INVITED", row)
    return IssuedInvitation(made.text, row)


def revoke_expired(*, of: QuerySet[Invitation], now: datetime) -> int:
    """Take back those of some invitations that ended unused, in the caller's transaction; returns how many.

    An e-mail has one open invitation in the whole installation: one that ended elsewhere must not stand in the way.
    """
    return of.filter(used_at=None, revoked_at=None, expires_at__lte=now).update(revoked_at=now)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, now: datetime) -> Invitation:
    """Take an invitation back; raises Conflict when it was used or taken back before."""
    open_row = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not open_row.update(revoked_at=now):
        raise Conflict("invitation_over", "That invitation was used or taken back before.")
    invitation.revoked_at = now
    _record("INVITATION_REVOKED", invitation)
    return invitation


def accept_invitation(*, request: HttpRequest, text: str, full_name: str, password: str, now: datetime) -> User:
    """Make the account of an invitation with its first password, and sign the person in.

    Raises NotFound for an invitation that is over, also for the second of two at once and when whoever made it could
    not make it any more, Invalid for a weak password.
    """
    if has_identity_provider():
        raise Conflict("use_provider", "Sign in with the identity provider; no password is set here.")
    invitation = invitation_presented(text, now)
    with acting(as_system(email=invitation.email)), transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if row.used_at or row.revoked_at or not is_backed(row):
            raise NotFound("invitation_over", "This invitation was used or taken back meanwhile.")
        user = User(email=row.email, full_name=full_name, role=row.role, tenant_id=row.tenant_id)
        _set_password(user, password)
        row.used_at, row.user = now, user
        row.save(update_fields=["used_at", "user"])
        begin_session(request=request, user=user, now=now, action="INVITATION_ACCEPTED")
    live.publish("people")
    return user


def _set_password(user: User, password: str) -> None:
    """Save a new account with a password that is strong enough."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("weak_password", " ".join(error.messages), field="new_password") from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict("email_taken", "Somebody has this e-mail already.") from None
    user.refresh_from_db()


def _record(action: str, row: Invitation) -> None:
    """Record what became of an invitation, and tell the pages about people."""
    record(
        action=action, category=Category.USER, resource_type="invitation", resource_id=row.pk,
        resource_name=row.email, details={"role": row.role}, tenant_id=row.tenant_id,
    )  # fmt: skip
    live.publish("people")
