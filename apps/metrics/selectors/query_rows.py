"""Reads what a plan says: one statement, one row per subject and step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from apps.core import sql
from apps.core.errors import Invalid
from apps.metrics import sketch
from apps.metrics.queries import Aggregation
from apps.metrics.selectors.query_plan import DAY, HOUR, Plan, floor
from apps.metrics.selectors.query_subjects import Found
from apps.metrics.vitals import VITALS

Key = UUID | int
MOST_NAMED = 2000
NEWEST = timedelta(days=2)
MOST_WAITING = 50_000
MOST_PER_SKETCH = 65_535
LARGEST = float(np.finfo(np.float32).max)
OF_SAMPLES = ("subject", "kind", "time", "value", "samples")
OF_HOURS = (*OF_SAMPLES, "hourly", "count", "p95")


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One step of one subject: the value asked for, of how many samples, and its band where that was read too."""

    at: datetime
    value: float | None
    samples: int
    low: float | None = None
    high: float | None = None


Cells = dict[Key, list[Cell]]
Waiting = set[tuple[Key, datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose samples are read, and in which table and columns they are; `keys` None reads all that the asker sees."""

    metric: str
    keys: Sequence[Key] | None
    rows: Sequence[Found]

    @property
    def is_vital(self) -> bool:
        """Tell whether the metric is a vital."""
        return self.metric in VITALS

    @property
    def names(self) -> dict[str, str]:
        """Return the tables and columns that the statements leave open."""
        if not self.is_vital:
            tables = {"samples": "metric_samples", "hourly": "metric_hourly", "daily": "metric_hourly"}
            columns = {
                "subject": "series_id",
                "kind": "int4",
                "time": "time",
                "value": "value",
                "count": "sample_count",
                "send": "int4send",
            }
            return {**tables, **columns, "avg": "avg", "low": "min", "high": "max", "p95": "p95"}
        tables = {"samples": "usage_metrics", "hourly": "usage_hourly", "daily": "usage_daily"}
        columns = {"subject": "node_id", "kind": "uuid", "time": "timestamp", "value": self.metric, "send": "uuid_send"}
        rolled = {"low": "min", "high": "max"} | {name: name for name in ("count", "avg", "p95")}
        return {**tables, **columns, **{place: f"{self.metric}_{name}" for place, name in rolled.items()}}

    @property
    def of_day(self) -> dict[str, str]:
        """Return the columns of a vital that percentiles of days are found in."""
        return {"value": self.metric, **{name: f"{self.metric}_{name}" for name in ("count", "p95", "sketch")}}

    @property
    def width(self) -> int:
        """Return how many bytes a key takes as the database sends it."""
        return 16 if self.is_vital else 4

    def part(self, rows: Sequence[Found]) -> "Reader":
        """Return a reader of some of the subjects, itself where that are all."""
        return self if len(rows) == len(self.rows) else Reader(self.metric, [row.key for row in rows], rows)

    def sent(self, key: Key) -> bytes:
        """Return a key as the database sends it."""
        return key.bytes if isinstance(key, UUID) else key.to_bytes(self.width, "big")

    def run(self, name: str, params: Mapping[str, object], places: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Run a statement; `places` are the names it leaves open, all of them unless told."""
        names = self.names if places is None else {place: self.names[place] for place in places}
        return sql.fetch_all(__file__, f"{name}.sql", dict(params), names=names)


def reader_of(metric: str, rows: Sequence[Found], *, is_everyone: bool) -> Reader:
    """Return a reader of some subjects; naming thousands of nodes one by one would cost more than reading all."""
    reads_all = metric in VITALS and (is_everyone or len(rows) > MOST_NAMED)
    return Reader(metric, None if reads_all else [row.key for row in rows], rows)


def distance(reader: Reader, until: datetime, usual: float) -> float:
    """Return how many seconds usually lie between samples, judged by a few subjects; `usual` where there are none."""
    some = [row.key for row in reader.rows[:: max(1, len(reader.rows) // 8)]][:8]
    params = {"subjects": some, "since": until - NEWEST, "until": until}
    found = [float(row["seconds"]) for row in reader.run("query_distance", params)]
    return max(float(np.median(found)), 0.1) if found else usual


def read(reader: Reader, plan: Plan, aggregation: Aggregation, waiting: Waiting | None = None) -> Cells:
    """Return the steps of each subject that have samples, oldest first; `waiting` where that was looked up already."""
    left_out = waits(reader, plan) if waiting is None else waiting
    params = {**_spans(plan), "subjects": reader.keys, **_stale(left_out)}
    rows = READERS[aggregation](reader, plan, params)
    found: Cells = {}
    for key, cell in rows:
        found.setdefault(key, []).append(cell)
    for cells in found.values():
        cells.sort(key=lambda cell: cell.at)
    return found


def _spans(plan: Plan) -> dict[str, object]:
    """Return the parts of the plan as the statements name them."""
    parts = {"head_from": plan.start, "finer_from": plan.finer_from, "rolled_from": plan.rolled_from}
    ends = {"rolled_until": plan.rolled_until, "finer_until": plan.finer_until, "until": plan.end}
    return {**parts, **ends, "step": plan.step, "origin": plan.origin}


def waits(reader: Reader, plan: Plan) -> Waiting:
    """Return the buckets that wait for their roll-up; samples are read for these. Raises Invalid for far too many."""
    found: Waiting = set()
    if plan.is_of_samples:
        return found
    named = None if reader.keys is None else {one.subject.node_id for one in reader.rows}
    params: dict[str, Any] = {"nodes": list(named) if named and len(named) <= MOST_NAMED else None}
    params |= {"since": plan.finer_from, "until": plan.finer_until, "limit": MOST_WAITING + 1}
    params |= {"days_since": plan.rolled_from, "days_until": plan.rolled_until}
    rows = sql.fetch_all(__file__, "query_stale.sql", params)
    keys: dict[UUID | None, list[Key]] = {}
    for one in reader.rows if rows else ():
        keys.setdefault(one.subject.node_id, []).append(one.key)
    for row in rows:
        width = DAY if plan.rolled_from <= row["bucket"] < plan.rolled_until else HOUR
        since = floor(row["bucket"], width)
        found |= {(key, since, since + width) for key in keys.get(row["node_id"], ())}
        if len(found) > MOST_WAITING:
            detail = (
                f"More than {MOST_WAITING:,} hours of this span still wait to be rolled up. Ask for fewer subjects"
                " or a shorter span, or again later."
            )
            raise Invalid("too_expensive", detail, field="start")
    return found


def _stale(waiting: Waiting) -> dict[str, list[Any]]:
    """Return buckets as three columns."""
    columns = zip(*waiting, strict=True) if waiting else ((), (), ())
    return {f"stale_{name}": list(column) for name, column in zip(("subjects", "from", "until"), columns, strict=True)}


Rows = list[tuple[Key, Cell]]


def _moments(pick: Callable[[dict[str, Any]], float | None]) -> Callable[[Reader, Plan, dict[str, Any]], Rows]:
    """Return the reading of what sums, counts and extremes tell."""

    def read_moments(reader: Reader, plan: Plan, params: dict[str, Any]) -> Rows:
        return [
            (row["subject"], Cell(row["at"], pick(row), row["n"], row["low"], row["high"]))
            for row in _moment_rows(reader, plan, params)
        ]

    return read_moments


def _moment_rows(reader: Reader, plan: Plan, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Return counts, sums and extremes; the shorter statement where no roll-up is read."""
    if plan.is_of_samples:
        return reader.run("query_moments_samples", params, OF_SAMPLES)
    return reader.run("query_moments", params)


def _p95(reader: Reader, plan: Plan, params: dict[str, Any]) -> Rows:
    """Return exact percentiles of samples and of single hours, and those of several from their sketches."""
    if plan.is_of_samples or plan.step == HOUR:
        name, places = ("query_p95_samples", OF_SAMPLES) if plan.is_of_samples else ("query_p95_hours", OF_HOURS)
        rows = reader.run(name, params, places)
        return [(row["subject"], Cell(row["at"], row["value"], row["n"])) for row in rows]
    if reader.is_vital:
        rows = sql.fetch_all(__file__, "query_p95_vitals.sql", {**params, "vital": reader.metric}, names=reader.of_day)
    else:
        rows = reader.run("query_p95_series", params, [])
    alone = [(row["subject"], Cell(row["at"], row["alone"], row["n"])) for row in rows if row["alone"] is not None]
    sketched = [row for row in rows if row["alone"] is None]
    together = [bytes(row["sketches"] or b"") + as_sketches(row["samples"]) for row in sketched]
    values = sketch.quantiles_by_subject(together, [0.95])[:, 0].tolist() if together else []
    return alone + [
        (row["subject"], Cell(row["at"], None if row["is_unknown"] else value, row["n"]))
        for row, value in zip(sketched, values, strict=True)
    ]


def as_sketches(values: Sequence[float] | None) -> bytes:
    """Return samples as sketches that leave nothing out."""
    ordered = np.sort(np.clip(np.asarray(values or (), np.float64), -LARGEST, LARGEST)).astype(np.float32)
    parts = (ordered[n : n + MOST_PER_SKETCH] for n in range(0, len(ordered), MOST_PER_SKETCH))
    return b"".join(b"\0" + len(part).to_bytes(2, "big") + part.astype(">f4").tobytes() for part in parts)


def _last(reader: Reader, plan: Plan, params: dict[str, Any]) -> Rows:
    """Return the newest value of each step."""
    name, places = ("query_last_vitals", ["value"]) if reader.is_vital else ("query_last", [])
    return [(row["subject"], Cell(row["at"], row["value"], row["n"])) for row in reader.run(name, params, places)]


def _rate(reader: Reader, plan: Plan, params: dict[str, Any]) -> Rows:
    """Return growth per second: of counters between samples, of deltas over the step."""
    deltas = [row.key for row in reader.rows if row.kind == "delta"]
    counters = [row.key for row in reader.rows if row.kind != "delta"]
    found: Rows = []
    if counters:
        for row in reader.run("query_rate", params | {"subjects": counters}, []):
            rate = float(row["growth"]) / row["seconds"] if row["seconds"] else None
            found.append((row["subject"], Cell(row["at"], rate, row["n"])))
    if deltas:
        for row in _moment_rows(reader, plan, params | {"subjects": deltas}):
            found.append((row["subject"], Cell(row["at"], row["total"] / _seconds(row["at"], plan), row["n"])))
    return found


def _seconds(at: datetime, plan: Plan) -> float:
    """Return how many seconds of a step have passed, at least one."""
    until = min(at + plan.step, plan.end, plan.now)
    return max((until - at).total_seconds(), 1.0)


READERS: dict[Aggregation, Callable[[Reader, Plan, dict[str, Any]], Rows]] = {
    Aggregation.AVG: _moments(lambda row: row["total"] / row["n"]),
    Aggregation.MIN: _moments(lambda row: row["low"]),
    Aggregation.MAX: _moments(lambda row: row["high"]),
    Aggregation.COUNT: _moments(lambda row: float(row["n"])),
    Aggregation.P95: _p95,
    Aggregation.LAST: _last,
    Aggregation.RATE: _rate,
}
