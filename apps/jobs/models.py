"""Rows behind the timetable: who may send it, what was sent last, and every run."""

from django.db import models
from django.db.models.functions import Now

from apps.core.models import one_of


class RunStatus(models.TextChoices):
    """How a run stands; `dead` is given up after too many attempts."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"


class BeatLease(models.Model):
    """The right to send the timetable: one holder until `lease_until`; the token grows with each new holder."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.CharField(max_length=200)
    token = models.BigIntegerField(db_default=1)
    lease_until = models.DateTimeField()

    class Meta:
        """Table `beat_leases`."""

        db_table = "beat_leases"

    def __str__(self) -> str:
        """Name the holder."""
        return f"{self.name} held by {self.holder}"


class ScheduleMark(models.Model):
    """The newest slot of a schedule that was sent, and under which lease token."""

    schedule = models.CharField(max_length=100, primary_key=True)
    last_slot = models.DateTimeField()
    token = models.BigIntegerField()

    class Meta:
        """Table `schedule_marks`."""

        db_table = "schedule_marks"

    def __str__(self) -> str:
        """Name schedule and slot."""
        return f"{self.schedule} up to {self.last_slot:%F %T}"


class JobRun(models.Model):
    """One slot of one schedule being worked on: a second worker cannot take it while its lease lasts."""

    schedule = models.CharField(max_length=100)
    slot = models.DateTimeField()
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.RUNNING)
    attempts = models.PositiveSmallIntegerField(default=1, db_default=1)
    lease_until = models.DateTimeField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, db_default="")

    class Meta:
        """Table `job_runs`."""

        db_table = "job_runs"
        constraints = (
            models.UniqueConstraint(fields=["schedule", "slot"], name="job_runs_slot_once"),
            one_of("status", RunStatus, "job_runs_status_known"),
        )
        indexes = (models.Index(fields=["finished_at"], name="job_runs_finished"),)

    def __str__(self) -> str:
        """Name schedule, slot and status."""
        return f"{self.schedule} {self.slot:%F %T} {self.status}"
