"""Writes each seal to a file outside the database, so that cutting off the newest seals is found too.

A line is JSON with the seal's numbers and its root, signed with a key derived from SECRET_KEY.
"""

import os
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.audit.anchor import anchor_key, anchor_line, last_anchored
from apps.audit.models import AuditSealMark
from apps.audit.selectors.seals import head_of, mark, seals_from
from apps.audit.services.seals import lock_seals

LINES_AT_ONCE = 1000


def write_anchors() -> int:
    """Append every seal that is not in AUDIT_ANCHOR_FILE yet, forced to disk; returns how many. Nothing without a file.

    Seals that were written once are not written again to a file that lost them: `verify_audit` tells of the loss.
    """
    path = settings.OMEGA.audit_anchor_file
    if not path:
        return 0
    with transaction.atomic():
        lock_seals()
        note, key = mark(), anchor_key(settings.SECRET_KEY)
        after = max(note.anchored_id, last_anchored(Path(path), key))
        seals = seals_from(after + 1, LINES_AT_ONCE)
        lines = [anchor_line(head_of(seal), bytes(seal.root), key) for seal in seals]
        if lines:
            _append(Path(path), "".join(lines))
            AuditSealMark.objects.filter(pk=note.pk).update(anchored_id=seals[-1].id)
    return len(lines)


def _append(path: Path, text: str) -> None:
    """Add text to a file and wait until the disk has it; a line that a crash cut short is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
