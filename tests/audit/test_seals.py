"""Entries are sealed once nobody can slip in beneath them any more."""

from datetime import UTC, datetime
from itertools import pairwise
from threading import Event, Thread

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from apps.audit.models import AuditLog, AuditSeal, AuditSealMark, Category
from apps.audit.services import record, seal_entries
from tests.audit.conftest import findings, seal_all, write
from tests.database import acting_as
from tests.processes import wait_for
from tests.roles import in_parallel, serving_as

pytestmark = pytest.mark.data_layer


def test_seals_cover_every_entry_once_and_continue_each_other(worker: None) -> None:
    write(7)
    seal_all(block=3)
    write(2)
    seal_all(block=3)

    seals = list(AuditSeal.objects.order_by("id"))
    assert [seal.id for seal in seals] == list(range(1, len(seals) + 1))
    assert seals[0].first_id == 1
    assert all(b.first_id == a.last_id + 1 for a, b in pairwise(seals))
    assert all(bytes(b.previous_root) == bytes(a.root) for a, b in pairwise(seals))
    assert sum(seal.row_count for seal in seals) == AuditLog.objects.count()
    assert max(seal.row_count for seal in seals) == 3
    assert findings() == []


def test_nothing_new_makes_no_seal(worker: None) -> None:
    write(1)
    seal_all()
    before = AuditSeal.objects.count()
    assert [seal_entries(now=datetime.now(UTC)) for _ in range(3)] == [0, 0, 0]
    assert AuditSeal.objects.count() == before


def test_entry_of_a_slow_transaction_is_waited_for(worker: None) -> None:
    """It took its id before others that committed long ago; sealing around it would leave it out for ever."""
    has_written, may_commit = Event(), Event()

    def slow() -> None:
        with serving_as("omega_portal"):
            with transaction.atomic():
                record(action="SLOW", category=Category.NODE)
                has_written.set()
                assert may_commit.wait(30)
            connections.close_all()

    write(1)  # makes the chunk; others would wait for whoever makes it
    thread = Thread(target=slow)
    thread.start()
    assert has_written.wait(30)
    late = write(3)[0]
    for _ in range(3):
        seal_entries(now=datetime.now(UTC))
    newest = AuditSeal.objects.first()
    assert newest is None or newest.last_id < late.id
    may_commit.set()
    thread.join()
    seal_all()

    slow_id = AuditLog.objects.get(action="SLOW").id
    assert slow_id < late.id
    assert AuditSeal.objects.filter(first_id__lte=slow_id, last_id__gte=slow_id).exists()
    assert findings() == []


def test_writer_that_began_last_of_all_is_waited_for_too(worker: None) -> None:
    """Nothing commits between its writing and the note, so its number is the newest one there is."""
    has_written, may_commit = Event(), Event()

    def last() -> None:
        with serving_as("omega_portal"):
            with transaction.atomic():
                record(action="LAST", category=Category.NODE)
                has_written.set()
                assert may_commit.wait(30)
            connections.close_all()

    write(1)
    thread = Thread(target=last)
    thread.start()
    assert has_written.wait(30)
    for _ in range(4):
        seal_entries(now=datetime.now(UTC))
    may_commit.set()
    thread.join()
    seal_all()

    assert AuditLog.objects.filter(action="LAST").exists()
    assert findings() == []


def test_writers_and_sealers_at_once_leave_no_entry_out(worker: None) -> None:
    def seal() -> int:
        return sum(seal_entries(now=datetime.now(UTC), block=5) for _ in range(20))

    def add() -> int:
        for number in range(30):
            with transaction.atomic():
                record(action="BUSY", category=Category.NODE, details={"n": number})
                transaction.set_rollback(number % 7 == 0)
        return 0

    outcomes = in_parallel("omega_worker", [add, seal, add, seal, add])
    seal_all()

    assert all(isinstance(outcome, int) for outcome in outcomes)
    assert findings() == []
    assert sum(AuditSeal.objects.values_list("row_count", flat=True)) == AuditLog.objects.count()


def test_mark_of_another_server_is_dropped(worker: None) -> None:
    write(1)
    AuditSealMark.objects.create(boundary=10**6, before_xid=2**60)
    seal_entries(now=datetime.now(UTC))

    mark = AuditSealMark.objects.get()
    assert mark.before_xid is not None and mark.before_xid < 2**60
    assert mark.boundary is not None and mark.boundary >= AuditLog.objects.latest("id").id
    seal_all()
    assert findings() == []


def test_a_long_backlog_is_sealed_in_several_runs(worker: None) -> None:
    write(9)
    seal_entries(now=datetime.now(UTC))
    found = wait_for(lambda: seal_entries(now=datetime.now(UTC), block=2, most_blocks=2), 60)

    assert (found, AuditSeal.objects.count()) == (4, 2)
    seal_all()
    assert findings() == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["omega_portal", "data_collector"])
def test_only_the_worker_seals(role: str) -> None:
    for statement in ("INSERT INTO audit_seals DEFAULT VALUES", "UPDATE audit_seal_mark SET boundary = 1"):
        with pytest.raises(ProgrammingError, match="permission denied"), acting_as(role), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "change", ["UPDATE audit_seals SET row_count = 1", "DELETE FROM audit_seals", "TRUNCATE audit_seals"]
)
def test_not_even_the_owner_changes_a_seal(worker: None, change: str) -> None:
    write(1)
    seal_all()
    with (
        pytest.raises(DatabaseError, match="added to, never changed"),
        transaction.atomic(using="owner"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute(change)
