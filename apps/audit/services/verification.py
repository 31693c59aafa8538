"""Checks all seals, piece by piece: whoever asked sees how far it got, and a killed worker loses one piece."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.audit.anchor import anchor_key
from apps.audit.models import AuditVerification, Category, Status, Verdict
from apps.audit.selectors.check import Finding, check_anchors, check_seals, missing_end, unrecorded_tombstones
from apps.audit.selectors.seals import newest_seal
from apps.audit.services.entries import record
from apps.core import live
from apps.core.errors import Conflict

OPEN = (Verdict.WAITING, Verdict.RUNNING)
PIECE = 20
MOST_FINDINGS = 100


@transaction.atomic
def request_verification(*, by: UUID | None, now: datetime) -> AuditVerification:
    """Ask for a check of all seals; raises Conflict while one goes on. Asking by a person is an event."""
    wanted = AuditVerification(requested_at=now, requested_by=by)
    AuditVerification.objects.bulk_create([wanted], ignore_conflicts=True)
    if not AuditVerification.objects.filter(pk=wanted.pk).exists():
        raise Conflict("verification_runs", "The seals are being verified already.")
    if by:
        record(action="AUDIT_VERIFICATION_REQUESTED", category=Category.SYSTEM, resource_type="audit_log")
    live.publish("audit")
    return wanted


def advance_verification(*, clock: Callable[[], datetime], seconds: float = 40, piece: int = PIECE) -> int:
    """Work on the open check, if there is one that nobody works on, for about so long; returns how many pieces."""
    ends, pieces = clock() + timedelta(seconds=seconds), 0
    while clock() < ends and _advance(clock(), piece):
        pieces += 1
    return pieces


@transaction.atomic
def _advance(now: datetime, piece: int) -> bool:
    """Check the next seals and note how far that came; False when there is nothing to do."""
    check = AuditVerification.objects.select_for_update(skip_locked=True).filter(verdict__in=OPEN).first()
    if check is None:
        return False
    if check.verdict == Verdict.WAITING:
        newest = newest_seal()
        check.verdict, check.started_at, check.last_seal = Verdict.RUNNING, now, newest.id if newest else 0
    done = list(islice(check_seals(check.next_seal, check.last_seal), piece))
    for outcome in done:
        check.entries_checked += outcome.entries
        check.next_seal = outcome.seal.id + 1
        _add(check, outcome.findings)
    if len(done) < piece:
        _finish(check, now)
    check.save()
    live.publish("audit")
    return True


def _finish(check: AuditVerification, now: datetime) -> None:
    """Look at what no single seal tells, and judge; a broken seal is an event."""
    _add(check, _whole())
    check.finished_at = now
    check.verdict = Verdict.FAILED if check.finding_count else Verdict.PASSED
    if check.finding_count:
        first = check.findings[0]
        record(
            action="AUDIT_SEAL_BROKEN",
            category=Category.SYSTEM,
            resource_type="audit_log",
            status=Status.FAILURE,
            error_message=f"{check.finding_count} findings; the first: seal {first['seal']}: {first['text']}",
            details={"verification": str(check.pk), "seals": sorted({each["seal"] for each in check.findings})},
        )


def _whole() -> Iterable[Finding]:
    """Return what is wrong with the row of seals as a whole: its end cut off, or not what the anchor file says."""
    yield from missing_end()
    yield from unrecorded_tombstones()
    if settings.OMEGA.audit_anchor_file:
        yield from check_anchors(Path(settings.OMEGA.audit_anchor_file), anchor_key(settings.SECRET_KEY))


def _add(check: AuditVerification, findings: Iterable[Finding]) -> None:
    """Keep the first findings and count them all."""
    for finding in findings:
        check.finding_count += 1
        if len(check.findings) < MOST_FINDINGS:
            check.findings.append(finding.as_json())
