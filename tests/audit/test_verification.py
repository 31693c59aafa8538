"""A check of all seals goes on piece by piece, survives its worker, and says what it found."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import AuditLog, AuditSeal, AuditVerification, Verdict
from apps.audit.services import advance_verification, request_verification
from apps.core.errors import Conflict
from apps.jobs.tasks import request_audit_verification, seal_audit, verify_audit
from tests.audit.conftest import Tamper, seal_all, write
from tests.processes import wait_for
from tests.roles import in_parallel

pytestmark = pytest.mark.data_layer
ADA = UUID(int=7)


def clock() -> datetime:
    """The present."""
    return datetime.now(UTC)


def clock_of(now: datetime, looks: int) -> Callable[[], datetime]:
    """A clock on which so many pieces fit into the time: it is asked twice for each."""
    ticks = count()
    return lambda: now if next(ticks) <= 2 * looks else now + timedelta(hours=1)


def test_check_of_an_unbroken_log_passes(worker: None, now: datetime) -> None:
    write(7)
    seal_all()
    request_verification(by=ADA, now=now)
    advance_verification(clock=clock, piece=2)

    check = AuditVerification.objects.get()
    seals = AuditSeal.objects.count()
    assert (check.verdict, check.findings, check.finding_count) == (Verdict.PASSED, [], 0)
    assert (check.last_seal, check.next_seal, check.percent) == (seals, seals + 1, 100)
    assert check.entries_checked == sum(AuditSeal.objects.values_list("row_count", flat=True))
    assert AuditLog.objects.filter(action="AUDIT_VERIFICATION_REQUESTED").count() == 1


def test_broken_seal_fails_it_and_is_an_event(tamper: Tamper, now: datetime) -> None:
    entry = write(7)[4]
    seal_all()
    seal = AuditSeal.objects.get(first_id__lte=entry.id, last_id__gte=entry.id)
    tamper("UPDATE audit_logs SET user_email = 'eve@example.test' WHERE id = %s", entry.id)
    request_verification(by=None, now=now)
    advance_verification(clock=clock)

    check = AuditVerification.objects.get()
    assert (check.verdict, check.finding_count) == (Verdict.FAILED, 1)
    (found,) = check.findings
    assert (found["seal"], found["entry"], found["first_id"]) == (seal.id, entry.id, seal.first_id)
    event = AuditLog.objects.get(action="AUDIT_SEAL_BROKEN")
    assert (event.status, event.details["seals"]) == ("FAILURE", [seal.id])


def test_only_one_goes_on_at_a_time(worker: None, now: datetime) -> None:
    request_verification(by=None, now=now)
    with pytest.raises(Conflict, match="being verified already"):
        request_verification(by=ADA, now=now)
    advance_verification(clock=clock)
    request_verification(by=ADA, now=now)


def test_killed_worker_loses_one_piece_at_most(worker: None, now: datetime) -> None:
    write(7)
    seal_all(block=1)
    request_verification(by=None, now=now)
    assert advance_verification(clock=clock_of(now, 2), piece=2) == 2

    half = AuditVerification.objects.get()
    assert (half.verdict, half.next_seal) == (Verdict.RUNNING, 5)
    assert 0 < half.percent < 100
    advance_verification(clock=clock)
    assert AuditVerification.objects.get().verdict == Verdict.PASSED


def test_two_workers_check_nothing_twice(worker: None, now: datetime) -> None:
    write(20)
    seal_all(block=1)
    request_verification(by=None, now=now)
    in_parallel("omega_worker", [lambda: advance_verification(clock=clock, piece=1)] * 3)
    advance_verification(clock=clock, piece=1)

    check = AuditVerification.objects.get()
    assert check.entries_checked == sum(AuditSeal.objects.values_list("row_count", flat=True))


def test_a_hundred_findings_are_kept_and_all_are_counted(tamper: Tamper, now: datetime) -> None:
    write(120)
    seal_all(block=50)
    tamper("UPDATE audit_logs SET user_email = 'eve@example.test' WHERE user_email <> ''")
    request_verification(by=None, now=now)
    advance_verification(clock=clock)

    check = AuditVerification.objects.get()
    assert (len(check.findings), check.finding_count) == (100, 120)


def test_timetable_seals_and_verifies(worker: None) -> None:
    write(3)

    def is_sealed() -> bool:
        seal_audit(slot=clock().isoformat())
        return AuditSeal.objects.exists()

    wait_for(is_sealed, 60)
    request_audit_verification(slot=clock().isoformat())
    request_audit_verification(slot=clock().isoformat())
    verify_audit(slot=clock().isoformat())

    assert [check.verdict for check in AuditVerification.objects.all()] == [Verdict.PASSED]


def run(**options: object) -> str:
    """Return what the command prints."""
    said = StringIO()
    call_command("verify_audit", stdout=said, **options)
    return said.getvalue()


def test_command_says_what_it_looked_at(worker: None, now: datetime) -> None:
    write(3)
    seal_all()

    entries = sum(AuditSeal.objects.values_list("row_count", flat=True))
    assert f"{AuditSeal.objects.count()} seals over {entries} entries computed again" in run()
    assert "0 seals over 0 entries" in run(since=now + timedelta(days=1))
    assert "unbroken" in run(since=now - timedelta(days=1))


def test_command_names_the_block_and_fails(tamper: Tamper) -> None:
    entry = write(4)[1]
    seal_all()
    seal = AuditSeal.objects.get(first_id__lte=entry.id, last_id__gte=entry.id)
    tamper("UPDATE audit_logs SET reason = 'x' WHERE id = %s", entry.id)
    said = StringIO()

    with pytest.raises(CommandError, match="broken; findings: 1"):
        call_command("verify_audit", stdout=said)
    block = f"seal {seal.id} (entries {seal.first_id} to {seal.last_id}, sealed {seal.sealed_at:%F %T} UTC)"
    assert f"{block}: an entry in it" in said.getvalue()
