"""Data points of OpenTelemetry as samples. Pure.

A histogram becomes series as Prometheus has them: `_count`, `_sum`, and `_bucket` with the label `le`, where each
bucket counts all values up to its bound. A summary becomes one series a quantile beside `_count` and `_sum`.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    HistogramDataPoint,
    NumberDataPoint,
    SummaryDataPoint,
)

from apps.ingest.faults import Fault
from apps.ingest.foreign.gather import Gathering, mapped, series_key
from apps.ingest.labels import MOST as MOST_LABELS
from apps.ingest.remembered import remembered
from apps.ingest.samples import SeriesKey, SeriesKind

NO_RECORDED_VALUE: Final = 1
DELTA, CUMULATIVE = 1, 2
LONGEST_POINT: Final = 64 * 1024
NANOSECONDS: Final = 1e9
TOO_LONG: Final = Fault("invalid_value", f"A data point has at most {LONGEST_POINT} bytes.")
BROKEN: Final = Fault("invalid_value", "The data point is not a whole message.")
NO_TIME: Final = Fault("invalid_time", "The data point has no time.", "time_unix_nano")
NO_VALUE: Final = Fault("invalid_value", "The data point has no value.", "value")
NO_TEMPORALITY: Final = Fault("invalid_value", "The metric does not say whether it is delta or cumulative.")
BAD_BUCKETS: Final = Fault("invalid_value", "A histogram has ascending bounds and one bucket more than bounds.")
EXPONENTIAL: Final = Fault("exponential_histogram", "Exponential histograms are not taken; use explicit buckets.")
NOT_SIMPLE: Final = Fault("invalid_value", "An attribute is neither a text nor a number nor a truth.", "attributes")
MANY_LABELS: Final = Fault("invalid_value", f"A data point has at most {MOST_LABELS} labels.", "attributes")
Pairs = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Metric:
    """One metric of a body: its points' common words, and the labels of the resource it belongs to."""

    name: str
    unit: str
    help: str
    temporality: int
    is_monotonic: bool
    common: Pairs
    gathering: Gathering

    @property
    def counts_as(self) -> SeriesKind:
        """Return the kind of what only grows."""
        return SeriesKind.DELTA if self.temporality == DELTA else SeriesKind.COUNTER

    def describe(self, suffix: str, kind: SeriesKind, unit: str) -> None:
        """Note what the sender says of one of the metric's series."""
        self.gathering.describe(self.name + suffix, kind, unit, self.help)


def take_gauge(metric: Metric, raws: Iterable[bytes], place: int) -> None:
    """Take the points of a gauge; `place` is that of the first."""
    _take_numbers(metric, raws, place, SeriesKind.GAUGE)


def take_sum(metric: Metric, raws: Iterable[bytes], place: int) -> None:
    """Take the points of a sum: cumulative and monotonic is a counter, not monotonic a gauge, delta is delta."""
    if metric.temporality not in (DELTA, CUMULATIVE):
        return refuse_all(metric, raws, place, NO_TEMPORALITY)
    is_gauge = metric.temporality == CUMULATIVE and not metric.is_monotonic
    return _take_numbers(metric, raws, place, SeriesKind.GAUGE if is_gauge else metric.counts_as)


def _take_numbers(metric: Metric, raws: Iterable[bytes], place: int, kind: SeriesKind) -> None:
    """Take points of one number each."""
    metric.describe("", kind, metric.unit)
    for index, raw in enumerate(raws, place):
        point = _point(NumberDataPoint, raw, metric, index)
        if point is None:
            continue
        which = point.WhichOneof("value")
        if which is None and not point.flags & NO_RECORDED_VALUE:
            metric.gathering.reject(NO_VALUE, index)
            continue
        value = float(point.as_int) if which == "as_int" else point.as_double
        _Taker(metric, point, index).take("", kind, value, unit=metric.unit)


def take_histogram(metric: Metric, raws: Iterable[bytes], place: int) -> None:
    """Take the points of a histogram with explicit bounds."""
    if metric.temporality not in (DELTA, CUMULATIVE):
        return refuse_all(metric, raws, place, NO_TEMPORALITY)
    kind = metric.counts_as
    for suffix, unit in (("_count", ""), ("_sum", metric.unit), ("_bucket", "")):
        metric.describe(suffix, kind, unit)
    for index, raw in enumerate(raws, place):
        point = _point(HistogramDataPoint, raw, metric, index)
        if point is not None:
            _take_distribution(metric, point, index, kind)
    return None


def _take_distribution(metric: Metric, point: Any, index: int, kind: SeriesKind) -> None:
    """Take one point of a histogram."""
    bounds, counts = list(point.explicit_bounds), list(point.bucket_counts) or [point.count]
    is_ascending = all(isfinite(one) for one in bounds) and all(a < b for a, b in itertools.pairwise(bounds))
    if not is_ascending or (len(counts) != len(bounds) + 1 and point.bucket_counts):
        return metric.gathering.reject(BAD_BUCKETS, index)
    taker = _Taker(metric, point, index)
    taker.take("_count", kind, float(point.count))
    if point.HasField("sum"):
        taker.take("_sum", kind, point.sum, unit=metric.unit)
    below = 0
    for bound, count in zip([*map(number_text, bounds), "+Inf"][-len(counts) :], counts, strict=True):
        below += count
        taker.take("_bucket", kind, float(below), ("le", bound))
    return None


def take_summary(metric: Metric, raws: Iterable[bytes], place: int) -> None:
    """Take the points of a summary."""
    metric.describe("", SeriesKind.GAUGE, metric.unit)
    for suffix, unit in (("_count", ""), ("_sum", metric.unit)):
        metric.describe(suffix, SeriesKind.COUNTER, unit)
    for index, raw in enumerate(raws, place):
        point = _point(SummaryDataPoint, raw, metric, index)
        if point is None:
            continue
        taker = _Taker(metric, point, index)
        taker.take("_count", SeriesKind.COUNTER, float(point.count))
        taker.take("_sum", SeriesKind.COUNTER, point.sum, unit=metric.unit)
        for one in point.quantile_values:
            quantile = ("quantile", number_text(one.quantile))
            taker.take("", SeriesKind.GAUGE, one.value, quantile, unit=metric.unit)


def refuse_all(metric: Metric, raws: Iterable[bytes], place: int, fault: Fault) -> None:
    """Refuse all points of a metric."""
    for index, _ in enumerate(raws, place):
        metric.gathering.reject(fault, index)


def _point(shape: Any, raw: bytes, metric: Metric, index: int) -> Any | None:
    """Return a point, or None having said what is wrong with it."""
    fault = TOO_LONG
    if len(raw) <= LONGEST_POINT:
        try:
            point = shape.FromString(raw)
        except DecodeError:
            fault = BROKEN
        else:
            if point.time_unix_nano:
                return point
            fault = NO_TIME
    metric.gathering.reject(fault, index)
    return None


class _Taker:
    """Takes the samples of one point; the first that cannot be taken speaks for the point."""

    def __init__(self, metric: Metric, point: Any, index: int) -> None:
        """Read what all samples of the point share."""
        self._metric, self._index = metric, index
        self._at = point.time_unix_nano / NANOSECONDS
        self._has_value = not point.flags & NO_RECORDED_VALUE
        pairs = pairs_of(point.attributes)
        self._pairs = pairs if isinstance(pairs, Fault) else metric.common + pairs
        self._is_refused = False

    def take(
        self, suffix: str, kind: SeriesKind, value: float, extra: tuple[str, str] | None = None, unit: str = ""
    ) -> None:
        """Take one sample of the series with this suffix and label."""
        key: SeriesKey | Fault
        if isinstance(self._pairs, Fault):
            key = self._pairs
        else:
            key = key_of(self._metric.name + suffix, (*self._pairs, extra) if extra else self._pairs)
        gathering = self._metric.gathering
        if isinstance(key, Fault):
            if not self._is_refused:
                gathering.reject(key, self._index)
            self._is_refused = True
            return
        number = gathering.series(key, unit, kind)
        if self._has_value:
            gathering.add(number, self._at, value, self._index)
        else:
            gathering.end(number, self._at, self._index)


def pairs_of(attributes: Any) -> Pairs | Fault:
    """Return attributes as label names and texts."""
    if len(attributes) > MOST_LABELS:
        return MANY_LABELS
    pairs = []
    for one in attributes:
        text = text_of(one.value)
        if text is None:
            return NOT_SIMPLE
        pairs.append((mapped(one.key), text))
    return tuple(pairs)


def text_of(value: Any) -> str | None:
    """Return a simple value as text, None when it is not simple."""
    match value.WhichOneof("value"):
        case "string_value":
            return str(value.string_value)
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return number_text(value.double_value)
        case None:
            return ""
    return None


def number_text(value: float) -> str:
    """Return a number as Prometheus writes it in labels: 1, 0.005, +Inf."""
    if not isfinite(value):
        return {float("inf"): "+Inf", float("-inf"): "-Inf"}.get(value, "NaN")
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _size_of(name: str, pairs: Pairs) -> int:
    """Return how long the words of a key are."""
    return len(name) + sum(len(label) + len(value) for label, value in pairs)


@remembered(8192, _size_of)
def key_of(name: str, pairs: Pairs) -> SeriesKey | Fault:
    """Return the series of a name and labels; what a point says goes before what its resource says."""
    return series_key(name, dict(pairs))
