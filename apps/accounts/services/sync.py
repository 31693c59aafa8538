"""Brings a person in line with what the identity provider says of them, at every sign-in and revalidation."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.accounts.models import UnknownClaim, User, WebSession
from apps.accounts.oidc_errors import SignInRefused
from apps.accounts.rules import RoleDecision, is_override_in_force, role_from_claims
from apps.accounts.selectors.mapping import role_mappings
from apps.accounts.services.events import record_about
from apps.accounts.services.web_sessions import topic_of
from apps.audit.models import Category
from apps.core import live
from apps.core.context import acting, as_system

MOST_UNKNOWN = 20
LONGEST_VALUE = 255
# Refusals that say: nobody vouches for this person any more.
WITHDRAWN = ("no_role", "roles_claim_missing")
COLUMNS = (
    "role", "last_idp_role", "role_override", "role_override_reason", "role_override_by", "role_override_until",
    "vouched_at", "updated_at",
)  # fmt: skip


def decide_role(*, claims: Mapping[str, Any], now: datetime) -> RoleDecision:
    """Return which role the claims give; values that no mapping knows are counted, whatever follows.

    Raises SignInRefused naming the setting at fault when there is no such claim.
    """
    name = settings.OMEGA.oidc_roles_claim
    with acting(as_system()), transaction.atomic():
        decision = role_from_claims(claims, role_mappings(), name)
        _count_unknown(decision.unknown, now)
    if decision.problem == "malformed":
        raise SignInRefused(
            "roles_claim_malformed",
            f"The claim “{name}” of the ID token is not a list of names. In Keycloak, its mapper must be "
            "“Multivalued” with the JSON type “String”.",
        )
    if decision.problem:
        raise SignInRefused(
            "roles_claim_missing",
            f"The ID token has no claim “{name}”. Either you hold no role of this portal, or its mapper is missing: "
            f"in Keycloak, the client “{settings.OMEGA.oidc_client_id}” needs a “User Client Role” mapper for its own "
            f"roles with the token claim name “{name}”, “Multivalued” on and “Add to ID token” on.",
        )
    return decision


def sync_user(*, user: User, decision: RoleDecision, now: datetime) -> bool:
    """Give a person the role that was decided, unless an override is in force; returns whether it changed.

    `user` is the locked row of an open transaction. Raises SignInRefused when no role is left. Never makes anybody a
    superuser.
    """
    overridden = is_override_in_force(is_set=user.role_override, until=user.role_override_until, now=now)
    if decision.role is None and not overridden:
        raise no_role(decision)
    before = user.role
    user.vouched_at = now
    user.last_idp_role = decision.role or ""
    if not overridden:
        user.role, user.role_override, user.role_override_reason = str(decision.role), False, ""
        user.role_override_by = user.role_override_until = None
    user.save(update_fields=COLUMNS)
    if user.role == before:
        return False
    values = [reason.value[:LONGEST_VALUE] for reason in decision.reasons[:MOST_UNKNOWN]]
    record_about("ROLE_SYNCED", user, Category.USER, details={"from": before, "to": user.role, "values": values})
    live.publish(*map(topic_of, WebSession.objects.filter(user=user, revoked_at=None).only("pk")))
    return True


def withdraw(*, user_id: UUID, refusal: SignInRefused) -> None:
    """Note that the provider vouches for a person no more, where a refusal says so: their API tokens open nothing."""
    if refusal.code in WITHDRAWN:
        with acting(as_system()), transaction.atomic():
            User.objects.filter(pk=user_id).update(vouched_at=None)


def no_role(decision: RoleDecision) -> SignInRefused:
    """Return the refusal of somebody whose values give no role."""
    values = tuple(value[:LONGEST_VALUE] for value in decision.unknown[:MOST_UNKNOWN])
    return SignInRefused(
        "no_role",
        "Nothing the sign-in service says of you gives a role here. Ask an administrator to map one of these values, "
        "or to give you a role of this portal.",
        values=values,
    )


def _count_unknown(values: Iterable[str], now: datetime) -> None:
    """Count values that no mapping knows; in order, so that two sign-ins do not wait for each other crosswise."""
    kept = sorted({value[:LONGEST_VALUE] for value in values})[:MOST_UNKNOWN]
    for value in kept:
        row, is_new = UnknownClaim.objects.get_or_create(
            claim_value=value, defaults={"seen_count": 1, "last_seen_at": now}
        )
        if not is_new:
            UnknownClaim.objects.filter(pk=row.pk).update(seen_count=F("seen_count") + 1, last_seen_at=now)
