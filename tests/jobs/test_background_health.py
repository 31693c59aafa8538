"""People are told when background work stands still; what is done is forgotten, what failed is kept longer."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from apps.jobs.models import BeatLease, JobRun, RunStatus
from apps.jobs.selectors import BackgroundHealth, background_health
from apps.jobs.services import forget_old_runs
from tests.database import acting_as

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def as_worker(db: None) -> Iterator[None]:
    """Act as the worker's database role."""
    with acting_as("omega_worker"):
        yield


def run(at: datetime, status: RunStatus = RunStatus.DONE) -> JobRun:
    """Return a run of a slot that ended there and then."""
    return JobRun.objects.create(schedule="tests.sweep", slot=at, status=status, lease_until=at, finished_at=at)


@pytest.mark.parametrize(
    ("lease_left", "last_run_ago", "expected"),
    [
        (5, 1, (True, True)),
        (-1, 1, (False, True)),
        (5, 31, (True, False)),
        (5, None, (True, False)),
        (None, 1, (False, True)),
    ],
)
def test_health_follows_from_the_lease_and_the_newest_run(
    lease_left: int | None, last_run_ago: int | None, expected: tuple[bool, bool], now: datetime
) -> None:
    if lease_left is not None:
        BeatLease.objects.create(name="beat", holder="a", lease_until=now + timedelta(seconds=lease_left))
    if last_run_ago is not None:
        run(now - timedelta(seconds=last_run_ago))

    health = background_health(now)

    assert (health.is_beat_alive, health.is_worker_alive) == expected
    assert health.is_paused is (expected != (True, True))


def test_portal_may_read_the_health(now: datetime) -> None:
    run(now)
    with acting_as("omega_portal"):
        assert background_health(now) == BackgroundHealth(False, True, now)


def test_done_runs_are_forgotten_after_six_hours_and_failed_ones_after_thirty_days(now: datetime) -> None:
    fresh = run(now - 6 * HOUR)
    run(now - 6 * HOUR - timedelta(seconds=1))
    failed = run(now - 29 * 24 * HOUR, RunStatus.FAILED)
    dead = run(now - 30 * 24 * HOUR, RunStatus.DEAD)
    run(now - 31 * 24 * HOUR, RunStatus.DEAD)

    assert forget_old_runs(now=now) == 2
    assert set(JobRun.objects.all()) == {fresh, failed, dead}
