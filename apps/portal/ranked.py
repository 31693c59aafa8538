"""Rankings as pages show them: bars for one number each, and a map of nodes by time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.shortcuts import resolve_url
from django.utils import timezone

from apps.metrics.selectors.query import Aggregation, Answer, Selector, Subject, WindowAnswer
from apps.metrics.vitals import VITALS, Vital
from apps.portal import heat, wording
from apps.portal.spans import Span
from apps.portal.tiers import is_daily, tier_words


@dataclass(frozen=True, slots=True)
class Bar:
    """One subject's number, how long it is drawn in percent of the scale, and where its history is."""

    address: str
    hostname: str
    labels: Mapping[str, str]
    text: str
    percent: float


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of a map: its colour, the short text on it, the whole one beside it, and the part of an address."""

    css: str
    text: str
    words: str
    query: str


@dataclass(frozen=True, slots=True)
class Row:
    """One node's way through the span."""

    node_id: UUID
    hostname: str
    total: str
    cells: list[Step]


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Nodes by time; `heads` are the starts of the steps in the person's time zone, of days their dates in UTC."""

    scale: heat.Scale
    heads: list[str]
    rows: list[Row]
    tier: str
    is_truncated: bool


def unit_of(unit: str, how: Aggregation) -> str:
    """The unit of an aggregate."""
    return f"{unit or 'count'}/s" if how == Aggregation.RATE else unit


def csv_of(metric: str, span: Span, selector: Selector, series: int | None = None) -> str:
    """The address under which the samples behind a ranking are taken away, or those of one series."""
    asked: dict[str, object] = {"metric": metric, "start": span.start.isoformat(), "end": span.end.isoformat()}
    narrowed = {
        "node": [str(node_id) for node_id in selector.nodes or ()],
        "tag": list(selector.tags),
        "node_label": [f"{name}={value}" if value else name for name, value in selector.labels.items()],
        "node_type": selector.node_type,
        "status": selector.status,
        "region": selector.region,
        "series": series,
    }
    asked |= {name: value for name, value in narrowed.items() if value}
    return f"{resolve_url('api:metrics-export')}?{urlencode(asked, doseq=True)}"


def titled(metric: str) -> str:
    """A metric as people know it."""
    return VITALS[metric].label if metric in VITALS else metric


def bars(answer: WindowAnswer, how: Aggregation, span: Span) -> list[Bar]:
    """One bar per subject that has a number, in the order of the answer."""
    known = [total for total in answer.totals if total.value is not None]
    unit = unit_of(answer.unit, how)
    scale = heat.scale_of("", unit, max((abs(total.value or 0.0) for total in known), default=0.0))
    return [
        Bar(
            _history(total.subject, how, span),
            total.subject.hostname,
            total.labels,
            f"{wording.number(total.value, 2 if abs(total.value or 0) < 10 else 1)} {unit}".strip(),
            min(100.0, max(0.0, 100.0 * (total.value or 0.0) / scale.high)),
        )
        for total in known
    ]


def _history(subject: Subject, how: Aggregation, span: Span) -> str:
    """The page that shows what a number was made from, over the same span; none for what belongs to no node."""
    if subject.node_id is None:
        return ""
    if subject.series_id is None:
        return f"{resolve_url('nodes:detail', subject.node_id)}?{span.address}#charts"
    asked = urlencode({"series": subject.series_id, "how": how, **span.query})
    return f"{resolve_url('nodes:metrics', subject.node_id)}?{asked}#charts"


def time_map(answer: Answer, vital: Vital) -> TimeMap:
    """The map of an answer with one series per node."""
    values = {
        one.subject.node_id: {point.at: point.value for point in one.points}
        for one in answer.series
        if one.subject.node_id
    }
    known = [value for row in values.values() for value in row.values() if value is not None]
    scale = heat.scale_of(vital.label, vital.unit, max(known, default=None))
    spans = [(at, _said(at, answer.step_seconds), _query(at, answer.step_seconds)) for at in answer.steps]
    rows = [
        Row(
            one.subject.node_id,
            one.subject.hostname,
            scale.words(one.total),
            [
                _step(scale, one.subject.hostname, values[one.subject.node_id].get(at), said, query)
                for at, said, query in spans
            ],
        )
        for one in answer.series
        if one.subject.node_id
    ]
    return TimeMap(
        scale,
        heads(answer.steps, answer.step_seconds),
        rows,
        tier_words(answer.source, answer.step_seconds),
        answer.is_truncated,
    )


def _step(scale: heat.Scale, hostname: str, value: float | None, said: str, query: str) -> Step:
    """One cell."""
    text = "" if value is None else heat.short(value)
    return Step(scale.css(value), text, f"{hostname}, {said}: {scale.label} {scale.words(value)}", query)


def heads(steps: Sequence[datetime], step_seconds: int) -> list[str]:
    """What stands above the columns: the time, and the day where it changes."""
    found, day = [], ""
    for at in steps:
        local = _local(at, step_seconds)
        today = f"{local:%-d %b}"
        time = "" if is_daily(step_seconds) else f"{local:%H:%M}"
        found.append("\n".join(filter(None, (today if today != day or not time else "", time))))
        day = today
    return found


def _said(at: datetime, step_seconds: int) -> str:
    """When a step begins, in words."""
    return f"{_local(at, step_seconds):{'%-d %b' if is_daily(step_seconds) else '%-d %b %H:%M'}}"


def _local(at: datetime, step_seconds: int) -> datetime:
    """The start of a step as it is written; days are those of UTC, whose start has another date west of it."""
    return at.astimezone(UTC) if is_daily(step_seconds) else timezone.localtime(at)


def _query(at: datetime, step_seconds: int) -> str:
    """The part of an address that shows one step with one before and one after it."""
    width = timedelta(seconds=step_seconds)
    ends = {"start": f"{(at - width).timestamp():.0f}", "end": f"{(at + 2 * width).timestamp():.0f}"}
    return urlencode(ends)
