"""The role mapping as administrators see it, and a trial of it."""

from uuid import UUID

from django.conf import settings

from apps.accounts.claims import read_claims
from apps.accounts.models import RoleMapping, UnknownClaim
from apps.accounts.rules import RoleDecision, role_from_claims
from apps.accounts.selectors.mapping import role_mappings
from apps.core.errors import NotFound

MOST_UNKNOWN = 100


def mappings() -> list[RoleMapping]:
    """Return the mapping, by value."""
    return list(RoleMapping.objects.all())


def mapping_by_id(mapping_id: UUID) -> RoleMapping:
    """Return one line of the mapping; raises NotFound."""
    found = RoleMapping.objects.filter(pk=mapping_id).first()
    if found is None:
        raise NotFound("mapping_not_found", "There is no such mapping.")
    return found


def unknown_claims() -> list[UnknownClaim]:
    """Return the values that came and that no mapping knows, the latest first."""
    return list(UnknownClaim.objects.all()[:MOST_UNKNOWN])


def try_claims(text: str) -> RoleDecision:
    """Return the role that pasted claims would give now, and why; raises Invalid for a text that is none.

    Nothing is written, and the person's override, if any, is not looked at.
    """
    name = settings.OMEGA.oidc_roles_claim
    return role_from_claims(read_claims(text, name), role_mappings(), name)


def values_giving(role: str) -> list[str]:
    """Return the values that are mapped to a role."""
    return list(RoleMapping.objects.filter(role=role).values_list("claim_value", flat=True))
