"""What can be asked of the samples, and the form of the answer. Pure; `selectors.query.run` answers.

What there are thousands of in one answer are structs: made, and written as JSON, several times faster than dataclasses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Aggregation(StrEnum):
    """What becomes of the samples within one step; `rate` is per second and heeds that counters begin anew."""

    AVG = "avg"
    MIN = "min"
    MAX = "max"
    P95 = "p95"
    RATE = "rate"
    LAST = "last"
    COUNT = "count"


class Combine(StrEnum):
    """How several series become one."""

    SUM = "sum"
    AVG = "avg"


class Fill(StrEnum):
    """What stands where nothing was measured: no point, a point without a value, or the value before."""

    NONE = "none"
    NULL = "null"
    PREVIOUS = "previous"


class Source(StrEnum):
    """Which storage answered; what is newer than the last finished hour always comes from the samples."""

    RAW = "raw"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which nodes, and for named metrics also which pool or session; what is empty does not narrow.

    `nodes` is None for all nodes that the asker sees. A tag must be one of the node's; all labels must match, one with
    an empty value by its name alone. Retired nodes are left out unless named or asked for by status.
    """

    nodes: tuple[UUID, ...] | None = None
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    node_type: str = ""
    status: str = ""
    region: str = ""
    pool_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A question: one metric of many subjects over [start, end), in steps.

    `metric` is a vital or the name of a series. `step` is in seconds; None chooses one of about `max_points` steps that
    is not finer than the samples. `labels` narrow named metrics to series with these labels; `by` (also `()`) makes one
    series of all that agree in these labels, put together by `combine`; `by=None` leaves each series alone. `top` keeps
    the subjects with the greatest (or `lowest`) value over the whole range. `band` also asks for least and greatest.
    """

    metric: str
    start: datetime
    end: datetime
    selector: Selector = field(default_factory=Selector)
    aggregation: Aggregation = Aggregation.AVG
    step: int | None = None
    max_points: int = 600
    labels: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] | None = None
    combine: Combine = Combine.SUM
    top: int | None = None
    lowest: bool = False
    fill: Fill = Fill.NULL
    band: bool = False


class Point(msgspec.Struct, frozen=True, gc=False):
    """One step of a series; None where nothing was measured, or no band was asked for."""

    at: datetime
    value: float | None
    minimum: float | None = None
    maximum: float | None = None


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What a series is of: a node, for named metrics a series with its pool or session, or a group of series."""

    node_id: UUID | None = None
    hostname: str = ""
    series_id: int | None = None
    pool_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """Points of one subject, oldest first; `total` is the aggregate over the whole range."""

    subject: Subject
    metric: str
    unit: str
    labels: Mapping[str, str]
    points: list[Point]
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked for; `steps` are the starts of all steps, also of those without a point.

    `is_truncated` tells that `top` left subjects out. With `top` the series are in the order of their totals, else by
    host name and labels.
    """

    series: list[SeriesAnswer]
    source: Source
    step_seconds: int
    steps: list[datetime]
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A question for one number per subject over [start, end); the fields are those of `Query`."""

    metric: str
    start: datetime
    end: datetime
    selector: Selector = field(default_factory=Selector)
    aggregation: Aggregation = Aggregation.AVG
    labels: Mapping[str, str] = field(default_factory=dict)
    top: int | None = None
    lowest: bool = False


class Total(msgspec.Struct, frozen=True, gc=False):
    """One subject's number over a window, and of how many samples it is."""

    subject: Subject
    labels: Mapping[str, str]
    value: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class WindowAnswer:
    """One number per subject, in the order of the numbers with `top`, else by host name and labels."""

    totals: list[Total]
    metric: str
    unit: str
    source: Source
    is_truncated: bool = False
