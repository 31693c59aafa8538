"""The bytes that commitments and seals are made over, and what a check of them says. Pure.

Every value is text as PostgreSQL prints it (times as microseconds since 1970 UTC, JSON in the normal form of `jsonb`)
or None; each stands behind its length, so no two lists of values give the same bytes.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Values = Mapping[str, str | None]

NOTHING = bytes(32)
# The order is part of every root: a new column goes to the end, and only entries after it know it.
SEALED = (
    "id", "timestamp", "tenant_id", "user_id", "user_role", "action", "category", "resource_type", "resource_id",
    "plain_name", "description", "details", "is_row_image", "reason", "request_id", "status", "error_message",
    "subject_id", "actor_digest", "subject_digest",
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SealHead:
    """What a seal says about itself; the root covers it."""

    id: int
    first_id: int
    last_id: int
    row_count: int
    sealed_at: datetime
    previous_root: bytes


def packed(values: Iterable[str | None]) -> bytes:
    """Return values as bytes, as SQL's `audit_bytes` does: 00 for None, else 01, the length in 8 bytes and UTF-8."""
    parts = []
    for value in values:
        if value is None:
            parts.append(b"\x00")
        else:
            content = value.encode()
            parts += [b"\x01", len(content).to_bytes(8, "big"), content]
    return b"".join(parts)


def entry_bytes(entry: Values) -> bytes:
    """Return what a seal covers of an entry: all of it, with digests for personal values."""
    return packed([entry[name] for name in SEALED])


def root_over(head: SealHead, entries: Iterable[Values]) -> bytes:
    """Return the SHA-256 over a seal's head and its entries in the order of their ids."""
    numbers = (
        head.id,
        head.first_id,
        head.last_id,
        head.row_count,
        (head.sealed_at - EPOCH) // timedelta(microseconds=1),
    )
    digest = hashlib.sha256(packed([*map(str, numbers), head.previous_root.hex()]))
    for entry in entries:
        digest.update(entry_bytes(entry))
    return digest.digest()


def commitment(salt: bytes, values: Sequence[str | None]) -> bytes:
    """Return the digest that stands for personal values; without the salt it tells nothing about them."""
    return hashlib.sha256(salt + packed(values)).digest()


def is_kept(values: Sequence[str | None], salt: str | None, digest: str | None, *, is_erased: bool) -> bool:
    """Tell whether personal values are those committed to, or blank where they were erased on purpose.

    Salt and digest are hexadecimal; without a digest there was nothing to commit to.
    """
    if salt is None:
        return not any(values) and (digest is None or is_erased)
    return digest is not None and hmac.compare_digest(commitment(bytes.fromhex(salt), values).hex(), digest)


def broken_commitment(entry: Values, *, actor_is_erased: bool, subject_is_erased: bool) -> str | None:
    """Say which of an entry's personal values are not what they were, None when all are."""
    actor = [entry["user_email"] or "", entry["ip_address"], entry["user_agent"] or ""]
    if not is_kept(actor, entry["actor_salt"], entry["actor_digest"], is_erased=actor_is_erased):
        return "who did it, from where or with which program was changed"
    subject = [entry["resource_name"] or "", entry["personal"]]
    has_subject = entry["subject_digest"] is not None or entry["personal"] is not None
    if has_subject and not is_kept(
        subject, entry["subject_salt"], entry["subject_digest"], is_erased=subject_is_erased
    ):
        return "whom it is about was changed"
    return None


def broken_link(head: SealHead, before: SealHead | None, root_before: bytes) -> str | None:
    """Say why a seal does not continue the one before it, None when it does."""
    if head.id != (before.id + 1 if before else 1):
        return f"the seals before it are missing: {before.id + 1 if before else 1} to {head.id - 1}"
    if head.first_id != (before.last_id + 1 if before else 1) or head.last_id < head.first_id:
        return "its range does not continue the seal before it"
    return None if hmac.compare_digest(head.previous_root, root_before) else "it does not continue the seal before it"
