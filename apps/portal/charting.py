"""Charts as data: lines over one span with the same steps, from the query service, in the form browsers draw."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.metrics.models import MetricSeries
from apps.metrics.selectors.query import Aggregation, Answer, Point, Query, Selector, SeriesAnswer, Source, run
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from apps.portal.markers import Marker
from apps.portal.ranked import unit_of
from apps.portal.spans import Span
from apps.portal.tiers import tier_words

Values = list[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a value per step, None in a gap; least and greatest where asked for, `p95` where rolled up."""

    metric: str
    label: str
    unit: str
    avg: Values
    min: Values
    max: Values
    p95: Values | None = None


@dataclass(frozen=True, slots=True)
class ChartData:
    """Lines that share their steps, and which tier of storage answered."""

    span: Span
    source: Source
    step_seconds: int
    at: list[datetime]
    lines: list[Line]

    @property
    def tier(self) -> str:
        """The same in words."""
        return tier_words(self.source, self.step_seconds)

    @property
    def as_of(self) -> datetime | None:
        """The start of the newest step in which anything was measured."""
        known = [at for line in self.lines for at, value in zip(self.at, line.avg, strict=True) if value is not None]
        return max(known, default=None)


def vitals_chart(node: Node, names: Sequence[str], span: Span, points: int, now: datetime) -> ChartData:
    """Vitals of one node; the first brings its 95th percentile where the answer comes from a roll-up."""
    asked = replace(_query(names[0], span, points, node), band=True)
    first = run(asked, now)
    found = [first, *(run(replace(asked, metric=name, step=first.step_seconds), now) for name in names[1:])]
    lines = [vital_line(name, answer, node.pk) for name, answer in zip(names, found, strict=True)]
    if first.source != Source.RAW:
        percentiles = replace(asked, aggregation=Aggregation.P95, step=first.step_seconds, band=False)
        lines[0] = _with_p95(lines[0], run(percentiles, now), first.steps)
    return ChartData(span, first.source, first.step_seconds, first.steps, lines)


def named_chart(node: Node, row: MetricSeries, how: Aggregation, span: Span, points: int, now: datetime) -> ChartData:
    """One named series of a node, with least and greatest beside an average."""
    asked = replace(_query(row.metric_type, span, points, node), aggregation=how, labels=row.labels)
    answer = run(replace(asked, band=how == Aggregation.AVG), now)
    series = next((one for one in answer.series if one.subject.series_id == row.pk), None)
    line = _line(row.metric_type, row.metric_type, unit_of(row.unit, how), series, answer.steps)
    return ChartData(span, answer.source, answer.step_seconds, answer.steps, [line])


def comparison(nodes: Sequence[Node], name: str, span: Span, points: int, now: datetime) -> ChartData:
    """One vital of several nodes, a line each."""
    answer = run(_query(name, span, points, *nodes), now)
    lines = [vital_line(name, answer, node.pk, node.hostname) for node in nodes]
    return ChartData(span, answer.source, answer.step_seconds, answer.steps, lines)


def vital_line(name: str, answer: Answer, node_id: UUID, label: str = "") -> Line:
    """The line of one node in an answer; all gap where it has none."""
    series = next((one for one in answer.series if one.subject.node_id == node_id), None)
    return _line(name, label or VITALS[name].label, VITALS[name].unit, series, answer.steps)


def as_json(chart: ChartData, markers: Sequence[Marker], *, is_stale: bool = False) -> dict[str, Any]:
    """Columns as the chart library takes them: one list of times in epoch seconds, then lists of values."""
    return {
        "start": chart.span.start.timestamp(),
        "end": chart.span.end.timestamp(),
        "source": chart.source,
        "tier": chart.tier,
        "step_seconds": chart.step_seconds,
        "as_of": chart.as_of.timestamp() if chart.as_of else None,
        "is_stale": is_stale,
        "has_band": any(value is not None for line in chart.lines[:1] for value in line.max),
        "at": [at.timestamp() for at in chart.at],
        "series": [{name: value for name, value in asdict(line).items() if value is not None} for line in chart.lines],
        "markers": [{**asdict(marker), "at": marker.at.timestamp()} for marker in markers],
    }


def _query(metric: str, span: Span, points: int, *nodes: Node) -> Query:
    """The question for one metric of some nodes."""
    selector = Selector(nodes=tuple(node.pk for node in nodes))
    return Query(metric, span.start, span.end, selector=selector, max_points=points)


def _line(metric: str, label: str, unit: str, series: SeriesAnswer | None, steps: Sequence[datetime]) -> Line:
    """A line with a value for every step."""
    points = {point.at: point for point in series.points} if series else {}
    found = [points.get(at, Point(at, None)) for at in steps]
    columns = ([rounded(getattr(point, name)) for point in found] for name in ("value", "minimum", "maximum"))
    return Line(metric, label, unit, *columns)


def _with_p95(line: Line, answer: Answer, steps: Sequence[datetime]) -> Line:
    """The line with its 95th percentiles."""
    points = {point.at: point.value for one in answer.series for point in one.points}
    return replace(line, p95=[rounded(points.get(at)) for at in steps])


def rounded(value: float | None) -> float | None:
    """Six significant digits are more than any sensor knows."""
    return None if value is None else float(f"{value:.6g}")
