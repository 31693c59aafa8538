"""The table that says which role follows from what the identity provider says: of all tenants at once."""

from django.db import IntegrityError, transaction

from apps.accounts.models import RoleMapping, UnknownClaim, User
from apps.accounts.services.guards import refuse_unless_for_all
from apps.accounts.services.versions import locked
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.context import because
from apps.core.errors import Conflict


@transaction.atomic
def add_mapping(*, actor: User, claim_value: str, role: str, comment: str, reason: str = "") -> RoleMapping:
    """Map a value to a role; it is no longer listed as unknown. Raises Conflict when it is mapped already."""
    refuse_unless_for_all(actor)
    row = RoleMapping(claim_value=claim_value, role=role, comment=comment)
    with because(reason):
        _save(row)
        UnknownClaim.objects.filter(pk=claim_value).delete()
        _record("ROLE_MAPPING_ADDED", row)
    row.refresh_from_db()
    return row


@transaction.atomic
def edit_mapping(
    *,
    actor: User,
    mapping: RoleMapping,
    claim_value: str,
    role: str,
    comment: str,
    version: int | None,
    reason: str = "",
) -> RoleMapping:
    """Change a mapping; people have the new role at their next log-in or revalidation.

    Raises Conflict `changed_meanwhile`, or when another mapping has this value.
    """
    refuse_unless_for_all(actor)
    row = locked(mapping, version)
    row.claim_value, row.role, row.comment = claim_value, role, comment
    with because(reason):
        _save(row)
        UnknownClaim.objects.filter(pk=claim_value).delete()
        _record("ROLE_MAPPING_CHANGED", row)
    row.refresh_from_db()
    return row


@transaction.atomic
def remove_mapping(*, actor: User, mapping: RoleMapping, version: int | None, reason: str = "") -> None:
    """Take a mapping away; its value gives no role from then on. Raises Conflict `changed_meanwhile`."""
    refuse_unless_for_all(actor)
    row = locked(mapping, version)
    with because(reason):
        _record("ROLE_MAPPING_REMOVED", row)
        row.delete()


def _save(row: RoleMapping) -> None:
    """Write; a value is mapped once."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("already_mapped", "This value is mapped already.", field="claim_value") from None


def _record(action: str, row: RoleMapping) -> None:
    """Record what became of a mapping."""
    record(
        action=action, category=Category.CONFIG, resource_type="role_mapping", resource_id=row.pk,
        resource_name=str(row), details={"claim_value": row.claim_value, "role": row.role},
    )  # fmt: skip
