"""What a check of the seals finds: computes everything again and names the block, and the entry where it can."""

import hmac
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from apps.audit.anchor import Anchored, read_anchors
from apps.audit.models import AuditSeal
from apps.audit.rules import NOTHING, broken_commitment, broken_link, root_over
from apps.audit.selectors.seals import BEFORE_ALL, head_of, mark, newest_seal, seal_before, sealed_entries, seals_from
from apps.core import sql

# No seal covers more; a seal that says so was edited.
MOST_IN_A_BLOCK = 10_000
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was sealed; `seal` 0 concerns none in particular."""

    seal: int
    text: str
    first_id: int | None = None
    last_id: int | None = None
    sealed_at: datetime | None = None
    entry: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON column."""
        return asdict(self) | {"sealed_at": self.sealed_at.isoformat() if self.sealed_at else None}

    def __str__(self) -> str:
        """Say everything in one line."""
        if not self.seal:
            return self.text
        block = (
            f" (entries {self.first_id} to {self.last_id}, sealed {self.sealed_at:%F %T} UTC)" if self.last_id else ""
        )
        return f"seal {self.seal}{block}{f', entry {self.entry}' if self.entry else ''}: {self.text}"


@dataclass(frozen=True, slots=True)
class Checked:
    """One seal's outcome."""

    seal: AuditSeal
    entries: int
    findings: list[Finding]


def check_seals(first: int, last: int) -> Iterator[Checked]:
    """Check the seals with `first` ≤ id ≤ `last` in their order."""
    before = seal_before(first)
    while first <= last:
        seals = [seal for seal in seals_from(first, AT_ONCE) if seal.id <= last]
        for seal in seals:
            yield check_seal(seal, before)
            before = seal
        if len(seals) < AT_ONCE:
            return
        first = seals[-1].id + 1


def check_seal(seal: AuditSeal, before: AuditSeal | None) -> Checked:
    """Compute a seal again from its entries, and every commitment in them."""
    head, found = head_of(seal), []
    after = BEFORE_ALL if head.id == 1 else before.last_id if before and before.id == head.id - 1 else head.first_id - 1
    entries = sealed_entries(after, head.last_id, min(head.row_count, MOST_IN_A_BLOCK) + 1)
    link = broken_link(head, head_of(before) if before else None, bytes(before.root) if before else NOTHING)
    if link:
        found.append(_finding(seal, link))
    if not hmac.compare_digest(root_over(head, entries), bytes(seal.root)):
        found.append(_finding(seal, _difference(head.row_count, len(entries))))
    for entry in entries:
        change = broken_commitment(
            entry, actor_is_erased=entry["actor_is_erased"], subject_is_erased=entry["subject_is_erased"]
        )
        if change:
            found.append(_finding(seal, change, int(entry["id"])))
    return Checked(seal, len(entries), found)


def check_anchors(path: Path, key: bytes) -> Iterator[Finding]:
    """Compare an anchor file with the seals. It may begin with any seal; from there on none may lack."""
    if not path.exists():
        yield Finding(0, f"the anchor file {path.name} is missing")
        return
    lines = (said for _, said in read_anchors(path, key) if said)
    newest = 0
    while batch := list(islice(lines, AT_ONCE)):
        yield from _compared(batch, newest)
        newest = max(newest, *(said.seal for said in batch))
    written = mark().anchored_id
    if newest < written:
        yield Finding(0, f"the anchor file ends with seal {newest}, but was written up to seal {written}")


def unrecorded_tombstones() -> Iterator[Finding]:
    """Name the tombstones that excuse blank entries, but stand in no entry of the log."""
    for row in sql.fetch_all(__file__, "unrecorded_tombstones.sql", {}):
        yield Finding(0, f"tombstone {row['id']} ({row['kind']}, {row['erased_at']:%F %T} UTC) stands in no entry")


def missing_end() -> Iterator[Finding]:
    """Say whether the newest seals are gone, as far as the sealer's own note tells; the anchor file knows better."""
    newest, anchored = newest_seal(), mark().anchored_id
    last = newest.id if newest else 0
    if last < anchored:
        yield Finding(0, f"the newest seals are gone: there were {anchored}, the last one now is {last}")


def _compared(batch: list[Anchored], newest: int) -> Iterator[Finding]:
    """Compare some lines of the file with the seals; `newest` is the highest seal in the lines before them."""
    roots = dict(AuditSeal.objects.filter(id__in=[said.seal for said in batch]).values_list("id", "root"))
    for said in batch:
        if newest and said.seal > newest + 1:
            yield Finding(said.seal, f"the anchor file lacks the seals {newest + 1} to {said.seal - 1}")
        newest = max(newest, said.seal)
        if not said.is_signed:
            yield Finding(said.seal, "its line in the anchor file is not signed with the key of this installation")
        elif said.seal not in roots:
            yield Finding(said.seal, "it stands in the anchor file, but is gone from the database")
        elif bytes(roots[said.seal]).hex() != said.root:
            yield Finding(said.seal, "the anchor file holds another root for it")


def _finding(seal: AuditSeal, text: str, entry: int | None = None) -> Finding:
    """Return what was found within a seal."""
    return Finding(seal.id, text, seal.first_id, seal.last_id, seal.sealed_at, entry)


def _difference(sealed: int, found: int) -> str:
    """Say how a block differs from what was sealed."""
    if found < sealed:
        return f"{sealed - found} of its {sealed} entries are gone"
    if found > sealed:
        return f"entries were added to its {sealed}"
    return "an entry in it, or the seal itself, was changed"
