"""One vital of one node over a span, in as many points as a chart can show."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Literal

from django.conf import settings
from django.db.models import Avg, F, FloatField, Max, Min, Sum
from django.db.models.functions import Cast
from django.utils.timezone import now
from timescale.db.models.expressions import TimeBucket

from apps.core.errors import Invalid
from apps.metrics.models import UsageHourly, UsageMetric
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node

RAW_SPAN = timedelta(days=2)
LONGEST_SPAN = timedelta(days=732)
ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOUR = 3600
CADENCE_SAMPLES = 30
NICE_STEPS = (10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a chart; the three values are None where nothing was measured, so that a gap shows."""

    at: datetime
    avg: float | None
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """Evenly spaced points of one vital, and which tier of storage answered."""

    metric: str
    unit: str
    source: Literal["raw", "hourly"]
    step_seconds: int
    points: list[Point]


def series(node: Node, metric: str, start: datetime, end: datetime, max_points: int = 600) -> Series:
    """Return a vital over [start, end) from raw samples for short spans, from the roll-up for long or old ones.

    Raises Invalid naming the parameter that is wrong.
    """
    _check(metric, start, end, max_points)
    is_raw = end - start <= RAW_SPAN and start >= now() - timedelta(days=settings.OMEGA.raw_retention_days)
    step = choose_step(end - start, max_points, least=_cadence(node, end) if is_raw else HOUR)
    steps = steps_between(start, end, step)
    found = _raw(node, metric, start, end, step) if is_raw else _hourly(node, metric, steps[0], end, step)
    points = [found.get(at, Point(at, None, None, None)) for at in steps]
    return Series(metric, VITALS[metric].unit, "raw" if is_raw else "hourly", step, points)


def choose_step(span: timedelta, max_points: int, *, least: int) -> int:
    """Return the smallest round step, in seconds, that fits the span into `max_points` and is at least `least`."""
    needed = max(ceil(span.total_seconds() / max_points), least)
    return next((step for step in NICE_STEPS if step >= needed), ceil(needed / 86400) * 86400)


def steps_between(start: datetime, end: datetime, step: int) -> list[datetime]:
    """Return the bucket starts that cover [start, end), aligned as the database aligns them."""
    width = timedelta(seconds=step)
    first = ORIGIN + (start - ORIGIN) // width * width
    return [first + n * width for n in range(ceil((end - first) / width))]


def _check(metric: str, start: datetime, end: datetime, max_points: int) -> None:
    """Raise Invalid for a span or a metric that cannot be drawn."""
    if metric not in VITALS:
        raise Invalid("unknown_metric", f"There is no vital called “{metric[:60]}”.", field="metric")
    if start < EARLIEST or end > LATEST:
        field = "start" if start < EARLIEST else "end"
        raise Invalid("bad_span", "The span must lie between the years 2000 and 2100.", field=field)
    if not start < end:
        raise Invalid("bad_span", "The end must lie after the start.", field="end")
    if end - start > LONGEST_SPAN:
        raise Invalid("span_too_long", "The longest span is two years.", field="start")
    if not 2 <= max_points <= 5000:
        raise Invalid("bad_max_points", "Ask for 2 to 5000 points.", field="max_points")


def _cadence(node: Node, end: datetime) -> int:
    """Return twice the usual distance of samples in seconds: such a step is empty only where one is missing."""
    times = list(
        UsageMetric.objects.filter(node=node, timestamp__lt=end, timestamp__gte=end - RAW_SPAN)
        .order_by("-timestamp")
        .values_list("timestamp", flat=True)[:CADENCE_SAMPLES]
    )
    distances = [(later - earlier).total_seconds() for later, earlier in pairwise(times)]
    return ceil(2 * median(distances)) if distances else node.heartbeat_interval_seconds


def _raw(node: Node, metric: str, start: datetime, end: datetime, step: int) -> dict[datetime, Point]:
    """Bucket the samples themselves."""
    value = Cast(metric, FloatField())
    rows = (
        UsageMetric.objects.filter(node=node, timestamp__gte=start, timestamp__lt=end, **{f"{metric}__isnull": False})
        .order_by()
        .annotate(at=TimeBucket("timestamp", f"{step} seconds"))
        .values("at")
        .annotate(avg=Avg(value), low=Min(value), high=Max(value))
    )
    return {row["at"]: Point(row["at"], row["avg"], row["low"], row["high"]) for row in rows}


def _hourly(node: Node, metric: str, start: datetime, end: datetime, step: int) -> dict[datetime, Point]:
    """Bucket the hourly roll-up; each hour counts by how many samples it is of, as it would in `_raw`."""
    weight = Cast("sample_count", FloatField())
    rows = (
        UsageHourly.objects.filter(node=node, bucket__gte=start, bucket__lt=end, **{f"{metric}_avg__isnull": False})
        .order_by()
        .annotate(at=TimeBucket(F("bucket"), f"{step} seconds"))
        .values("at")
        .annotate(
            avg=Sum(Cast(f"{metric}_avg", FloatField()) * weight) / Sum(weight),
            low=Min(Cast(f"{metric}_min", FloatField())),
            high=Max(Cast(f"{metric}_max", FloatField())),
        )
    )
    return {row["at"]: Point(row["at"], row["avg"], row["low"], row["high"]) for row in rows}
