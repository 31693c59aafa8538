"""Closes settled entries under seals.

An id is taken by a transaction that has its number already. So a run reads the newest id and only then takes a number
of its own, before it writes anything: whoever holds an id up to the one read has a smaller number. Once all
transactions below it are over, nobody can still add such an id, and a later run seals them. Long writers delay seals,
never break them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.models import AuditSeal
from apps.audit.rules import NOTHING, SealHead, root_over
from apps.audit.selectors.seals import BEFORE_ALL, mark, newest_seal, sealed_entries
from apps.core import live, sql

BLOCK = 1000
MOST_BLOCKS = 100


def seal_entries(*, now: datetime, block: int = BLOCK, most_blocks: int = MOST_BLOCKS) -> int:
    """Seal what the last run noted, if it is settled, and note anew; returns how many entries are now sealed more.

    At most `most_blocks` seals are made; the next run goes on. Runs wait for each other.
    """
    with transaction.atomic():
        lock_seals()
        note = mark()
        boundary = sql.fetch_all(__file__, "given_id.sql", {})[0]["id"]
        running = sql.fetch_all(__file__, "running.sql", {})[0]
        if note.before_xid is not None and note.before_xid >= running["own"]:
            note.boundary = note.before_xid = None  # it counts the transactions of another server
        is_settled = note.before_xid is not None and running["oldest"] >= note.before_xid
        seals = list(_new_seals(note.boundary or 0, now, block, most_blocks)) if is_settled else []
        if note.before_xid is None or (is_settled and len(seals) < most_blocks):
            note.boundary, note.before_xid, note.noted_at = boundary, running["own"], now
            note.save()
    if seals:
        live.publish("audit")
    return sum(seal.row_count for seal in seals)


def lock_seals() -> None:
    """Wait until nobody else seals or writes anchors; holds to the end of the transaction."""
    sql.fetch_all(__file__, "lock_seals.sql", {})


def _new_seals(boundary: int, now: datetime, block: int, most: int) -> Iterator[AuditSeal]:
    """Make seals up to an id; the last one ends there."""
    before = newest_seal()
    for _ in range(most):
        after = before.last_id if before else BEFORE_ALL
        entries = sealed_entries(after, boundary, block)
        if not entries:
            return
        last_id = int(entries[-1]["id"]) if len(entries) == block else boundary
        before = _seal(entries, before, last_id, now)
        yield before


def _seal(entries: list[dict[str, Any]], before: AuditSeal | None, last_id: int, now: datetime) -> AuditSeal:
    """Add the seal over some entries that continues the one before."""
    head = SealHead(
        id=before.id + 1 if before else 1,
        first_id=before.last_id + 1 if before else 1,
        last_id=last_id,
        row_count=len(entries),
        sealed_at=now,
        previous_root=bytes(before.root) if before else NOTHING,
    )
    return AuditSeal.objects.create(
        id=head.id, first_id=head.first_id, last_id=head.last_id, row_count=head.row_count, sealed_at=head.sealed_at,
        previous_root=head.previous_root, root=root_over(head, entries),
    )  # fmt: skip
