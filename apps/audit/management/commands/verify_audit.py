"""`manage.py verify_audit`: proves that no sealed entry was changed, removed or added, or names the block."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit.anchor import anchor_key
from apps.audit.selectors.check import Finding, check_anchors, check_seals, missing_end, unrecorded_tombstones
from apps.audit.selectors.seals import first_sealed_since, newest_seal

EVERY = 1000


def instant(text: str) -> datetime:
    """Return an ISO time; without a zone it is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Computes every seal again; exit code 1 when something is not as it was sealed."""

    help = "Verify the seals of the audit log, and compare them with an anchor file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the anchor file and where to begin."""
        parser.add_argument("--anchor", type=Path, help="anchor file to compare with (AUDIT_ANCHOR_FILE unless given)")
        parser.add_argument("--since", type=instant, help="begin with the first seal made at or after this time")

    def handle(self, *args: Any, anchor: Path | None, since: datetime | None, **options: Any) -> None:
        """Print what is found, and how much was looked at."""
        newest = newest_seal()
        first = first_sealed_since(since) if since else 1
        found = 0
        for finding in self.findings(first, newest.id if newest else 0, anchor):
            found += 1
            self.stdout.write(str(finding))
        if found:
            raise CommandError(f"The audit log is broken; findings: {found}.")
        self.stdout.write(self.style.SUCCESS("The audit log is unbroken."))

    def findings(self, first: int, last: int, anchor: Path | None) -> Iterator[Finding]:
        """Return what is wrong with the seals, then with the row of them."""
        entries = 0
        for checked in check_seals(first, last):
            entries += checked.entries
            yield from checked.findings
            if checked.seal.id % EVERY == 0:
                self.stdout.write(f"up to seal {checked.seal.id} of {last}, {entries} entries")
        self.stdout.write(f"{max(0, last - first + 1)} seals over {entries} entries computed again")
        yield from missing_end()
        yield from unrecorded_tombstones()
        path = anchor or (Path(settings.OMEGA.audit_anchor_file) if settings.OMEGA.audit_anchor_file else None)
        if path:
            yield from check_anchors(path, anchor_key(settings.SECRET_KEY))
