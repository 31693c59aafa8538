"""Reads of the seals and of what they cover."""

from datetime import datetime
from typing import Any

from apps.audit.models import AuditSeal, AuditSealMark
from apps.audit.rules import SealHead
from apps.core import sql

# Below every id there could be, also one that somebody put there by hand.
BEFORE_ALL = -(2**63)


def newest_seal() -> AuditSeal | None:
    """Return the last seal, None before the first."""
    return AuditSeal.objects.first()


def seals_from(first: int, most: int) -> list[AuditSeal]:
    """Return seals in their order from an id on."""
    return list(AuditSeal.objects.filter(id__gte=first).order_by("id")[:most])


def seal_before(seal_id: int) -> AuditSeal | None:
    """Return the last seal with a smaller id."""
    return AuditSeal.objects.filter(id__lt=seal_id).first()


def first_sealed_since(at: datetime) -> int:
    """Return the id of the first seal made at or after a time, one more than there are when none was."""
    found = AuditSeal.objects.filter(sealed_at__gte=at).order_by("id").values_list("id", flat=True).first()
    newest = newest_seal()
    return found or (newest.id if newest else 0) + 1


def head_of(seal: AuditSeal) -> SealHead:
    """Return what a seal says about itself."""
    return SealHead(
        seal.id, seal.first_id, seal.last_id, seal.row_count, seal.sealed_at, previous_root=bytes(seal.previous_root)
    )


def sealed_entries(after: int, last: int, most: int) -> list[dict[str, Any]]:
    """Return entries with `after` < id ≤ `last` as text (see `rules`), at most so many, in the order of their ids."""
    return sql.fetch_all(__file__, "sealed_entries.sql", {"after": after, "last": last, "most": most})


def mark() -> AuditSealMark:
    """Return the sealer's note to itself; a new one where there is none."""
    return AuditSealMark.objects.filter(pk=AuditSealMark.ONLY).first() or AuditSealMark()
