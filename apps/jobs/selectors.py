"""How background work is doing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from apps.jobs.models import BeatLease, JobRun, RunStatus
from apps.jobs.rules import MOST_ATTEMPTS

LATE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class BackgroundHealth:
    """Whether the timetable is sent and worked on."""

    is_beat_alive: bool
    is_worker_alive: bool
    last_run_at: datetime | None

    @property
    def is_paused(self) -> bool:
        """Whether people should know that background work stands still."""
        return not (self.is_beat_alive and self.is_worker_alive)


def background_health(now: datetime) -> BackgroundHealth:
    """Return it from the lease and the newest finished run."""
    is_beat_alive = BeatLease.objects.filter(lease_until__gt=now).exists()
    newest = JobRun.objects.aggregate(at=Max("finished_at"))["at"]
    return BackgroundHealth(is_beat_alive, newest is not None and now - newest < LATE, newest)


def runs_to_retry(now: datetime) -> list[JobRun]:
    """Return the newest run of each schedule where it failed or was lost with its worker, and may be tried again."""
    newest = JobRun.objects.order_by("schedule", "-slot").distinct("schedule")
    return [
        run
        for run in newest
        if run.lease_until < now
        and (run.status == RunStatus.RUNNING or (run.status == RunStatus.FAILED and run.attempts < MOST_ATTEMPTS))
    ]


def dead_runs(limit: int = 50) -> list[JobRun]:
    """Return the runs that were given up, newest first."""
    return list(JobRun.objects.filter(status=RunStatus.DEAD).order_by("-slot")[:limit])
