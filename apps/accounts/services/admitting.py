"""Whom a proven identity is here: the account it has, the one it may be linked to, or a new one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from apps.accounts import lookups
from apps.accounts.models import AuthProvider, Invitation, Tenant, User
from apps.accounts.oidc_errors import Identity, SignInRefused, account_closed
from apps.accounts.rules import RoleDecision
from apps.accounts.selectors.invitations import is_backed
from apps.accounts.services.ending import end_everything_of
from apps.accounts.services.events import record_about
from apps.accounts.services.guards import may_be_linked
from apps.accounts.services.sync import decide_role, no_role, sync_user, withdraw
from apps.core.context import acting, as_system
from apps.core.text import storable


def admit(*, claims: Mapping[str, Any], now: datetime) -> User:
    """Return the open account of a proven identity, brought in line with its claims.

    An account is found by issuer and subject alone. Raises SignInRefused. Two first sign-ins at once make one account:
    the second finds what the first made.
    """
    try:
        decision = decide_role(claims=claims, now=now)
        try:
            return _admit(claims, decision, now)
        except IntegrityError:
            return _admit(claims, decision, now)
    except SignInRefused as refusal:
        known = lookups.user_by_identity(claims["iss"], claims["sub"])
        if known is not None:
            withdraw(user_id=known.pk, refusal=refusal)
        refusal.identity = _identity(claims, known)
        raise


def _identity(claims: Mapping[str, Any], known: User | None) -> Identity:
    """Return who was refused."""
    email = _email(claims) if claims.get("email_verified") is True else ""
    if known is None:
        return Identity(claims["sub"], email)
    return Identity(claims["sub"], email, known.pk, known.email, known.tenant_id)


def _admit(claims: Mapping[str, Any], decision: RoleDecision, now: datetime) -> User:
    """Find, link or make the account in one transaction."""
    with acting(as_system(_email(claims))), transaction.atomic():
        known = lookups.user_by_identity(claims["iss"], claims["sub"])
        if known is None:
            known = _link(claims, now) or _create(claims, decision, now)
        user = User.objects.select_for_update().get(pk=known.pk)
        if not user.is_active:
            raise account_closed()
        if user.tenant_id is not None and not Tenant.objects.filter(pk=user.tenant_id, is_active=True).exists():
            raise SignInRefused("tenant_closed", "Your organisation's part of this portal is closed.")
        _follow_email(user, claims)
        sync_user(user=user, decision=decision, now=now)
        return user


def _follow_email(user: User, claims: Mapping[str, Any]) -> None:
    """Take over a new verified e-mail, unless it is somebody else's here; who the person is does not hang on it."""
    email = _email(claims)
    if not email or claims.get("email_verified") is not True or email == user.email.lower():
        return
    if lookups.user_by_email(email) is None:
        user.email = email
        user.save(update_fields=["email", "updated_at"])


def _link(claims: Mapping[str, Any], now: datetime) -> User | None:
    """Link the local account of this e-mail when an invitation allows it; None when there is none."""
    email = _email(claims)
    existing = lookups.user_by_email(email) if email else None
    if existing is None:
        return None
    user = User.objects.select_for_update().get(pk=existing.pk)
    invitation = _invitation(email, now) if claims.get("email_verified") is True else None
    is_theirs = user.email.lower() == email and may_be_linked(user)
    if invitation is None or invitation.user_id != user.pk or not is_theirs:
        raise SignInRefused(
            "ask_to_link",
            "An account with your e-mail exists here, but is not yours by proof. Ask an administrator to link it: "
            "by an invitation that names the account, for a verified e-mail.",
        )
    user.auth_provider, user.password = AuthProvider.KEYCLOAK, None
    user.issuer, user.keycloak_user_id = claims["iss"], claims["sub"]
    user.save()
    _use(invitation, now)
    record_about("ACCOUNT_LINKED", user, details=end_everything_of(user=user, reason="account linked", now=now))
    return user


def _create(claims: Mapping[str, Any], decision: RoleDecision, now: datetime) -> User:
    """Make the account of somebody who was never here."""
    email = _email(claims)
    if not email or claims.get("email_verified") is not True:
        raise SignInRefused(
            "email_unverified",
            "The sign-in service gives no verified e-mail for you. In Keycloak, have it verified (“Email verified”).",
        )
    if decision.role is None:
        raise no_role(decision)
    invitation = _invitation(email, now)
    if invitation is not None and invitation.user_id is not None:
        invitation = None
    user = User(
        email=email,
        username=_text(claims, "preferred_username", 150),
        full_name=_text(claims, "name", 255) or email,
        tenant=invitation.tenant if invitation else _usual_tenant(),
        role=decision.role,
        auth_provider=AuthProvider.KEYCLOAK,
        issuer=claims["iss"],
        keycloak_user_id=claims["sub"],
        password=None,
    )
    user.save(force_insert=True)
    if invitation:
        _use(invitation, now)
    record_about("ACCOUNT_CREATED", user)
    return user


def _invitation(email: str, now: datetime) -> Invitation | None:
    """Return the open invitation of an e-mail, locked; the database also finds letters that merely look alike."""
    open_ones = Invitation.objects.select_for_update(of=("self",)).filter(used_at=None, revoked_at=None)
    found = open_ones.select_related("tenant").filter(email__iexact=email, expires_at__gt=now).first()
    return found if found is not None and found.email.lower() == email and is_backed(found) else None


def _use(invitation: Invitation, now: datetime) -> None:
    """Let an invitation count no more."""
    invitation.used_at = now
    invitation.save(update_fields=["used_at"])


def _usual_tenant() -> Tenant:
    """Return the tenant of people whom nobody invited."""
    found = Tenant.objects.filter(slug=settings.OMEGA.oidc_tenant).first()
    if found is None:
        raise SignInRefused("tenant_missing", "OIDC_TENANT names no tenant of this portal. Tell whoever runs it.")
    return found


def _email(claims: Mapping[str, Any]) -> str:
    """Return the e-mail of the claims in lower case; empty when it is none.

    Beyond ASCII the database takes some letters for others ("ſ" for "s"), and with them one person for another.
    """
    email = _text(claims, "email", 10_000)
    if not email.isascii():
        return ""
    email = email.lower()
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email if len(email) <= 255 else ""


def _text(claims: Mapping[str, Any], name: str, longest: int) -> str:
    """Return a claim as text that can be kept."""
    value = claims.get(name)
    return storable(value).strip()[:longest] if isinstance(value, str) else ""
