"""Corrections of samples by people, and the values they took away, so that they can be put back."""

from django.db import models
from django.db.models import CompositePrimaryKey, F, Q, Value
from django.db.models.functions import Now

from apps.accounts.models import Tenant, User
from apps.core.models import one_of, uuid_key
from apps.metrics.models.custom import MetricSeries
from apps.metrics.models.usage import Vitals
from apps.nodes.models import Node


class CorrectionKind(models.TextChoices):
    """What becomes of the samples."""

    REMOVE = "remove", "Remove the samples"
    SET_NULL = "set_null", "Set the values to unknown"


class CorrectionState(models.TextChoices):
    """How a correction stands."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    APPLIED = "applied", "Applied"
    UNDO_WAITING = "undo_waiting", "Undo waits"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Failed"
    UNDO_FAILED = "undo_failed", "Undo failed"


OPEN_STATES = (
    CorrectionState.WAITING,
    CorrectionState.RUNNING,
    CorrectionState.UNDO_WAITING,
    CorrectionState.UNDOING,
)
FAILED_STATES = (CorrectionState.FAILED, CorrectionState.UNDO_FAILED)


class SampleCorrection(models.Model):
    """One correction of a node's samples over [starts_at, ends_at): of a series, else of vitals.

    `columns` are the vitals set to unknown, empty where whole samples go. `next_at` is where the next piece of work
    goes on. `failure` says why it stopped, empty unless it failed. `before` and `after` are {column: {count, min, avg,
    max}} of the range.
    """

    id = uuid_key("correction_id")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="corrections")
    series = models.ForeignKey(MetricSeries, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    columns = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    kind = models.CharField(max_length=10, choices=CorrectionKind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    state = models.CharField(
        max_length=12, choices=CorrectionState, default=CorrectionState.WAITING, db_default=CorrectionState.WAITING
    )
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField()
    rows_affected = models.BigIntegerField(default=0, db_default=0)
    rows_restored = models.BigIntegerField(default=0, db_default=0)
    before = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    after = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    undo_reason = models.TextField(blank=True, db_default="")
    forgotten_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True, default="", db_default="")

    class Meta:
        """Table `sample_corrections`, newest first; one at a time per node."""

        db_table = "sample_corrections"
        ordering = ("-created_at",)
        constraints = (
            one_of("kind", CorrectionKind, "sample_corrections_kind_known"),
            one_of("state", CorrectionState, "sample_corrections_state_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="sample_corrections_span"),
            models.CheckConstraint(condition=~Q(reason=""), name="sample_corrections_reason"),
            models.CheckConstraint(
                condition=Q(kind=CorrectionKind.REMOVE, columns=[])
                | (Q(kind=CorrectionKind.SET_NULL, series__isnull=True) & ~Q(columns=[])),
                name="sample_corrections_what",
            ),
            models.UniqueConstraint(
                fields=["node"], condition=Q(state__in=OPEN_STATES), name="sample_corrections_one_open"
            ),
        )

    def __str__(self) -> str:
        """Show kind and span."""
        return f"{self.kind} {self.starts_at:%F %T} to {self.ends_at:%F %T}"

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.state in OPEN_STATES

    @property
    def has_failed(self) -> bool:
        """Whether it stopped and waits for somebody to have it tried again."""
        return self.state in FAILED_STATES

    @property
    def percent(self) -> int:
        """How far it got, 0 to 100."""
        return round(100 * ((self.next_at - self.starts_at) / (self.ends_at - self.starts_at)))


class CorrectedUsage(Vitals):
    """A sample of vitals as it was before a correction."""

    pk = CompositePrimaryKey("correction", "timestamp")
    correction = models.ForeignKey(SampleCorrection, on_delete=models.CASCADE, db_index=False, related_name="+")
    timestamp = models.DateTimeField()

    class Meta:
        """Table `corrected_usage`."""

        db_table = "corrected_usage"
        verbose_name_plural = "corrected usage"

    def __str__(self) -> str:
        """Show the time."""
        return f"{self.timestamp:%F %T}"


class CorrectedSample(models.Model):
    """A sample of a series as it was before a correction."""

    pk = CompositePrimaryKey("correction", "time")
    correction = models.ForeignKey(SampleCorrection, on_delete=models.CASCADE, db_index=False, related_name="+")
    time = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        """Table `corrected_samples`."""

        db_table = "corrected_samples"

    def __str__(self) -> str:
        """Show time and value."""
        return f"{self.time:%F %T} {self.value:g}"
