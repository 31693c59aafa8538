"""What a correction of samples would do, and the corrections of a node."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, FloatField, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Greatest, Least, TruncDay, TruncHour

from apps.core.errors import Invalid, NotFound
from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, SampleCorrection, UsageMetric
from apps.metrics.models.correction import CorrectionKind
from apps.metrics.selectors.retention_policy import retention_of
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node

MOST_SAMPLES = 500_000
FIRST_ROWS = 10
LARGEST = 1e300
AHEAD = timedelta(minutes=5)
CORES, UPTIME = "cpu_per_core", "uptime_seconds"
COLUMNS = (*VITALS, CORES, UPTIME)
Figures = dict[str, dict[str, float | int | None]]


@dataclass(frozen=True, slots=True)
class Subject:
    """Which samples are meant: of a series, else the vitals of the node; over [starts_at, ends_at)."""

    node: Node
    series: MetricSeries | None
    columns: tuple[str, ...]
    kind: str
    starts_at: datetime
    ends_at: datetime

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the columns whose figures are told."""
        return ("value",) if self.series else self.columns or COLUMNS


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: samples, figures by column as they are, roll-ups, the newest vitals, and the first samples."""

    rows: int
    figures: Figures
    hours: int
    days: int
    changes_latest: bool
    first: list[tuple[datetime, list[float | None]]] = field(default_factory=list)


def check_subject(subject: Subject, *, now: datetime) -> None:
    """Raise Invalid naming the field for what cannot be corrected."""
    if subject.kind not in CorrectionKind.values:
        raise Invalid("bad_kind", "Remove the samples, or set values to unknown.", field="kind")
    if unknown := [name for name in subject.columns if name not in COLUMNS]:
        raise Invalid("unknown_metric", f"There is no vital called “{unknown[0][:60]}”.", field="columns")
    is_blank = subject.kind == CorrectionKind.SET_NULL
    if subject.series and (is_blank or subject.columns):
        raise Invalid("bad_kind", "A sample of a series is its value: it can only be removed.", field="kind")
    if not subject.series and is_blank and not subject.columns:
        raise Invalid("no_columns", "Choose the vitals to set to unknown.", field="columns")
    if not is_blank and subject.columns:
        text = "Removing takes whole samples. To take single vitals away, set them to unknown."
        raise Invalid("whole_samples", text, field="columns")
    _check_span(subject, now)


def _check_span(subject: Subject, now: datetime) -> None:
    """Raise Invalid for a span that is none, or outside of what is kept."""
    if not subject.starts_at < subject.ends_at:
        raise Invalid("bad_span", "The end must lie after the start.", field="ends_at")
    if subject.ends_at > now + AHEAD:
        raise Invalid("bad_span", "The end lies in the future.", field="ends_at")
    if subject.starts_at < kept_since(subject.series is not None, now):
        raise Invalid("bad_span", "The start lies before the time that samples are kept for.", field="starts_at")


def kept_since(is_series: bool, now: datetime) -> datetime:
    """Return since when samples are surely kept."""
    return now - timedelta(days=retention_of()["metric_samples" if is_series else "usage_metrics"].keep_days)


def preview(subject: Subject, *, now: datetime) -> Preview:
    """Return what a correction would do; raises Invalid, also when nothing would change or too much at once."""
    check_subject(subject, now=now)
    samples, at = affected(subject)
    rows = samples.order_by()[: MOST_SAMPLES + 1].count()
    if not rows:
        raise Invalid("nothing_there", "There is no such sample in this span.", field="starts_at")
    if rows > MOST_SAMPLES:
        text = f"This would change more than {MOST_SAMPLES:,} samples; correct a shorter span at a time."
        raise Invalid("too_many", text, field="ends_at")
    spread = samples.order_by().aggregate(
        hours=Count(TruncHour(at, tzinfo=UTC), distinct=True), days=Count(TruncDay(at, tzinfo=UTC), distinct=True)
    )
    names = [name for name in subject.shown if name != CORES][:6]
    first = [(row[0], list(row[1:])) for row in samples.order_by(at).values_list(at, *names)[:FIRST_ROWS]]
    return Preview(rows, figures(subject), spread["hours"], spread["days"], _changes_latest(subject), first)


def affected(subject: Subject) -> tuple[QuerySet[Any], str]:
    """Return the samples meant, and the name of their time; those that hold no chosen value are left out."""
    if subject.series:
        span = {"time__gte": subject.starts_at, "time__lt": subject.ends_at}
        return MetricSample.objects.filter(series=subject.series, **span), "time"
    span = {"timestamp__gte": subject.starts_at, "timestamp__lt": subject.ends_at}
    samples = UsageMetric.objects.filter(node=subject.node, **span)
    if subject.columns:
        samples = samples.filter(_any_of(subject.columns))
    return samples, "timestamp"


def figures(subject: Subject) -> Figures:
    """Return count, least, mean and greatest of each column meant, those without any value left out."""
    samples, _ = affected(subject)
    wanted: dict[str, Any] = {}
    for name in subject.shown:
        wanted[f"{name}__count"] = Count(name)
        if name != CORES:
            value = Cast(name, FloatField())
            wanted |= {f"{name}__min": Min(value), f"{name}__sum": _sum(name), f"{name}__max": Max(value)}
    found = samples.order_by().aggregate(**wanted)
    return {name: _told(name, found) for name in subject.shown if found[f"{name}__count"]}


def _sum(name: str) -> Sum:
    """Return the sum of a column, which no value makes overflow: what is corrected may be far too large."""
    bounded = Greatest(Least(Cast(name, FloatField()), Value(LARGEST)), Value(-LARGEST))
    return Sum(bounded, filter=Q(**{f"{name}__isnull": False}))


def _told(name: str, found: dict[str, Any]) -> dict[str, float | int | None]:
    """Return the figures of one column."""
    count = found[f"{name}__count"]
    if name == CORES:
        return {"count": count}
    least, total, greatest = (found[f"{name}__{figure}"] for figure in ("min", "sum", "max"))
    return {"count": count, "min": least, "avg": total / count, "max": greatest}


def series_of(node: Node) -> list[MetricSeries]:
    """Return the series of a node by name: as many as the ingest door lets it have."""
    return list(MetricSeries.objects.filter(node=node).order_by("metric_type", "pk"))


def corrections_of(node: Node, limit: int = 100) -> list[SampleCorrection]:
    """Return the corrections of a node, newest first, with who made them."""
    rows = SampleCorrection.objects.filter(node=node).select_related("series", "actor", "undone_by")
    return list(rows.order_by("-created_at")[:limit])


def correction_of(node: Node, correction_id: UUID) -> SampleCorrection:
    """Return a correction of a node; raises NotFound, also for another node's."""
    found = SampleCorrection.objects.filter(node=node, pk=correction_id).select_related("series", "node").first()
    if found is None:
        raise NotFound("correction_not_found", "This node has no such correction.")
    return found


def later_over(correction: SampleCorrection) -> QuerySet[SampleCorrection]:
    """Return the later corrections of the same thing that overlap and still hold."""
    return SampleCorrection.objects.filter(
        node=correction.node_id,
        series=correction.series_id,
        created_at__gt=correction.created_at,
        starts_at__lt=correction.ends_at,
        ends_at__gt=correction.starts_at,
        undone_at__isnull=True,
    ).exclude(pk=correction.pk)


def subject_of(row: SampleCorrection) -> Subject:
    """Return what a correction is about."""
    return Subject(row.node, row.series, tuple(row.columns), row.kind, row.starts_at, row.ends_at)


def _changes_latest(subject: Subject) -> bool:
    """Tell whether the newest vitals of the node are among what changes."""
    if subject.series:
        return False
    span = {"at__gte": subject.starts_at, "at__lt": subject.ends_at}
    return NodeLatest.objects.filter(node=subject.node, **span).exists()


def _any_of(columns: Iterable[str]) -> Q:
    """Return the condition that one of these columns holds a value."""
    condition = Q()
    for name in columns:
        condition |= Q(**{f"{name}__isnull": False})
    return condition
