"""Checks of the seals: asked for by a person or the timetable, worked on piece by piece."""

from django.db import models
from django.db.models.functions import Now

from apps.core.models import one_of, uuid_key


class Verdict(models.TextChoices):
    """How a check stands."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    PASSED = "passed", "Unbroken"
    FAILED = "failed", "Broken"


class AuditVerification(models.Model):
    """One check of all seals; `next_seal` is where the next piece goes on, so a killed worker loses little.

    `findings` is a list of {seal, first_id, last_id, sealed_at, entry, text}, at most a hundred; `finding_count`
    counts them all.
    """

    id = uuid_key("verification_id")
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.WAITING, db_default=Verdict.WAITING)
    requested_at = models.DateTimeField(db_default=Now())
    requested_by = models.UUIDField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    next_seal = models.BigIntegerField(default=1, db_default=1)
    last_seal = models.BigIntegerField(default=0, db_default=0)
    entries_checked = models.BigIntegerField(default=0, db_default=0)
    findings = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    finding_count = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        """Table `audit_verifications`, newest first; one at a time."""

        db_table = "audit_verifications"
        ordering = ("-requested_at",)
        constraints = (
            one_of("verdict", Verdict, "audit_verifications_verdict_known"),
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(verdict__in=[Verdict.WAITING, Verdict.RUNNING]),
                name="audit_verifications_one_open",
            ),
        )

    def __str__(self) -> str:
        """Show the verdict."""
        return f"{self.verdict} {self.requested_at:%F %T}"

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.verdict in (Verdict.WAITING, Verdict.RUNNING)

    @property
    def percent(self) -> int:
        """How far it got, 0 to 100."""
        return min(100, round(100 * (self.next_seal - 1) / self.last_seal)) if self.last_seal else 0
