"""Metrics of any name, as a node sent them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from apps.core.errors import NotFound
from apps.metrics.models import MetricFamily, MetricSample, MetricSeries
from apps.nodes.models import Node


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """A series of a node with its newest value; `ended_at` tells when its sender ended it, if nothing came since."""

    series_id: int
    metric_type: str
    unit: str
    labels: dict[str, str]
    at: datetime | None
    value: float | None
    ended_at: datetime | None = None


def custom_metrics_of(node: Node, limit: int = 200, text: str = "") -> list[CustomMetric]:
    """Return a node's series by name, each with its newest value; `text` narrows to names that contain it."""
    # The noted time is written at most ten minutes late and never early: older partitions need not be searched.
    newest = MetricSample.objects.filter(series=OuterRef("pk"), time__gte=OuterRef("last_sample_at")).order_by("-time")
    rows = MetricSeries.objects.filter(node=node, metric_type__icontains=text).annotate(
        at=Subquery(newest.values("time")[:1]), value=Subquery(newest.values("value")[:1])
    )
    return [
        CustomMetric(row.pk, row.metric_type, row.unit, row.labels, row.at, row.value, _ended(row.stale_at, row.at))
        for row in rows.order_by("metric_type", "pk")[:limit]
    ]


def _ended(stale_at: datetime | None, newest: datetime | None) -> datetime | None:
    """Return when a series ended; a mark may stay for a while after its sender sends again."""
    return None if stale_at is None or (newest is not None and newest > stale_at) else stale_at


def series_of(node: Node, series_id: int) -> MetricSeries:
    """Return one series of a node; NotFound for another's series.

    Its kind is that of its family where it has none, and it is not `stale_at` any moment that newer samples follow.
    """
    newer = MetricSample.objects.filter(series=OuterRef("pk"), time__gt=OuterRef("stale_at"))
    family = MetricFamily.objects.filter(tenant=OuterRef("tenant"), metric_type=OuterRef("metric_type"))
    rows = MetricSeries.objects.annotate(family_kind=Subquery(family.values("kind")[:1]), goes_on=Exists(newer))
    row = rows.filter(pk=series_id, node=node).first()
    if row is None:
        raise NotFound("series_not_found", "There is no such series.")
    row.kind = row.kind or row.family_kind or ""
    row.stale_at = None if row.goes_on else row.stale_at
    return row


def custom_series(
    node: Node, series_id: int, start: datetime, end: datetime, limit: int = 5000
) -> list[tuple[datetime, float]]:
    """Return the samples of one series of a node, oldest first; raises NotFound for another's series."""
    if not MetricSeries.objects.filter(pk=series_id, node=node).exists():
        raise NotFound("series_not_found", "There is no such series.")
    rows = MetricSample.objects.filter(series=series_id, time__gte=start, time__lt=end).order_by("-time")
    return list(rows.values_list("time", "value")[:limit])[::-1]
