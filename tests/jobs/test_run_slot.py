"""A slot is worked on once, tried again when it failed or its worker died, and given up after five times."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Lock

import pytest

from apps.core.context import current
from apps.jobs.door import timed
from apps.jobs.models import JobRun, RunStatus
from apps.jobs.selectors import dead_runs, runs_to_retry
from apps.jobs.services import RUN_LEASE_SECONDS, run_slot
from tests.database import acting_as
from tests.roles import in_parallel

SLOT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = SLOT + timedelta(seconds=3)


@pytest.fixture
def as_worker(db: None) -> Iterator[None]:
    """Act as the worker's database role."""
    with acting_as("omega_worker"):
        yield


def attempt(work: object = None) -> bool:
    """Take the slot as a worker who just got the message."""

    def do() -> None:
        if isinstance(work, Exception):
            raise work

    return run_slot("tests.sweep", SLOT, do, now=lambda: LATER)


def worker_dies() -> None:
    """Let the lease of a run that never ended run out."""
    JobRun.objects.update(status=RunStatus.RUNNING, lease_until=SLOT - timedelta(days=1), finished_at=None)


def test_slot_is_done_once_and_says_when(as_worker: None) -> None:
    assert (attempt(), attempt()) == (True, False)

    run = JobRun.objects.get()
    assert (run.status, run.attempts, run.finished_at, run.error) == (RunStatus.DONE, 1, LATER, "")


def test_slot_being_worked_on_is_left_to_its_worker(as_worker: None) -> None:
    inner: list[bool] = []

    assert run_slot("tests.sweep", SLOT, lambda: inner.append(attempt()), now=lambda: LATER)
    assert (inner, JobRun.objects.get().attempts) == ([False], 1)


def test_failure_is_written_down_and_tried_again(as_worker: None) -> None:
    failed = attempt(ValueError("no \x00 disk"))
    run = JobRun.objects.get()
    again = attempt()

    assert (failed, run.status, run.error) == (True, RunStatus.FAILED, "ValueError: no \ufffd disk")
    run.refresh_from_db()
    assert (again, run.status, run.attempts, run.error) == (True, RunStatus.DONE, 2, "")


def test_slot_that_failed_five_times_is_dead_and_stays_so(as_worker: None) -> None:
    outcomes = [attempt(ValueError("broken")) for _ in range(6)]

    assert outcomes == [True] * 5 + [False]
    assert [(run.attempts, run.error) for run in dead_runs()] == [(5, "ValueError: broken")]
    assert runs_to_retry(SLOT + timedelta(days=1)) == []


def test_slot_whose_worker_died_is_tried_again_and_after_five_deaths_given_up(as_worker: None) -> None:
    outcomes = []
    for _ in range(5):
        outcomes.append(attempt())
        worker_dies()
        assert [run.schedule for run in runs_to_retry(SLOT)] == ["tests.sweep"]
    outcomes.append(attempt())

    assert outcomes == [True] * 5 + [False]
    assert [run.status for run in dead_runs()] == [RunStatus.DEAD]


def test_worker_that_outlived_its_lease_does_not_overwrite_the_next_ones_outcome(as_worker: None) -> None:
    def slow() -> None:
        worker_dies()
        attempt()
        raise TimeoutError

    run_slot("tests.sweep", SLOT, slow, now=lambda: LATER)

    run = JobRun.objects.get()
    assert (run.status, run.attempts, run.error) == (RunStatus.DONE, 2, "")


def test_other_slots_and_schedules_are_their_own(as_worker: None) -> None:
    took = [
        run_slot(schedule, slot, lambda: None, now=lambda: LATER)
        for schedule in ("tests.sweep", "tests.count")
        for slot in (SLOT, SLOT + timedelta(seconds=2))
    ]

    assert took == [True] * 4


def test_only_the_newest_slot_of_a_schedule_is_tried_again(as_worker: None) -> None:
    attempt(ValueError("old trouble"))
    run_slot("tests.sweep", SLOT + timedelta(seconds=2), lambda: None, now=lambda: LATER)

    assert runs_to_retry(SLOT + timedelta(days=1)) == []


def test_failure_waits_for_its_lease_before_it_is_sent_again(as_worker: None) -> None:
    attempt(ValueError("trouble"))
    ends = JobRun.objects.get().lease_until

    assert runs_to_retry(ends) == []
    assert len(runs_to_retry(ends + timedelta(microseconds=1))) == 1
    assert ends - JobRun.objects.get().started_at == timedelta(seconds=RUN_LEASE_SECONDS)


def test_task_acts_as_the_system_under_the_name_of_its_slot(as_worker: None) -> None:
    seen = []

    assert timed("tests.sweep", SLOT.isoformat(), lambda now: seen.append(current()))
    assert [(c.user_role, c.user_id, c.tenant_ids, c.request_id) for c in seen] == [
        ("SYSTEM", "", "all", "tests.sweep@2026-11-21T12:00:00Z")
    ]


def test_twelve_workers_at_once_run_a_slot_exactly_once(committed: None) -> None:
    lock, ran = Lock(), []

    def work() -> None:
        with lock:
            ran.append(1)

    took = in_parallel("omega_worker", [lambda: run_slot("tests.sweep", SLOT, work, now=lambda: LATER)] * 12)

    assert sorted(map(str, took)) == ["False"] * 11 + ["True"]
    assert len(ran) == 1
