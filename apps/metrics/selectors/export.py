"""Samples as a file: what it holds, what it would cost, and its bytes block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core import bulk, sql
from apps.core.cells import neutral
from apps.core.errors import Invalid, NotFound
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.queries import Window
from apps.metrics.selectors.query_check import check
from apps.metrics.selectors.query_limits import bounded
from apps.metrics.selectors.query_plan import MOST_SUBJECTS
from apps.metrics.selectors.query_rows import MOST_NAMED, Reader, distance, reader_of
from apps.metrics.selectors.query_subjects import Found, find_subjects
from apps.metrics.vitals import VITALS

LONGEST = "10min"
MOST_EXPORTED = 20_000_000
FEW = 20


@dataclass(frozen=True, slots=True)
class Export:
    """A file of samples of some subjects within [since, until).

    `rows` is about how many lines, `names` the subjects' host names, harmless for spreadsheets.
    """

    metrics: tuple[str, ...]
    subjects: Sequence[UUID | int]
    since: datetime
    until: datetime
    rows: int
    names: Sequence[str]

    @property
    def is_of_vitals(self) -> bool:
        """Tell whether these are vitals."""
        return self.metrics[0] in VITALS


def plan_export(asked: Window, metrics: Sequence[str], now: datetime, series: int | None = None) -> Export:
    """Return what a file will hold: of one named metric (or one `series` of it), or of some vitals side by side.

    Raises Invalid naming the field, `too_expensive` for a larger file than anyone can open, NotFound for a node or
    series that the asker does not see.
    """
    names = tuple(dict.fromkeys(metrics))
    check(asked)
    if len(names) > 1 and not set(names) <= set(VITALS):
        raise Invalid("bad_metric", "Ask for some vitals, or for one named metric alone.", field="metric")
    with bounded(KeptTable.USAGE_METRICS if names[0] in VITALS else KeptTable.METRIC_SAMPLES, now) as kept:
        rows = _only(find_subjects(names[0], asked.selector, asked.labels, MOST_SUBJECTS).rows, series)
        since, until = max(asked.start, kept), min(asked.end, now)
        about = _about(reader_of(names[0], rows, is_everyone=False), since, until) if rows else 0
    if len(rows) > MOST_SUBJECTS or about > MOST_EXPORTED:
        detail = f"About {about:,} rows are too many for a file of at most {MOST_EXPORTED:,}. Ask for a shorter span."
        raise Invalid("too_expensive", detail, field="start")
    hosts = [neutral(row.subject.hostname) for row in rows]
    return Export(names, [row.key for row in rows], since, until, about, hosts)


def _only(rows: list[Found], series: int | None) -> list[Found]:
    """Return the rows, or the one of a series; raises NotFound where it is not among them."""
    found = rows if series is None else [row for row in rows if row.key == series]
    if series is not None and not found:
        raise NotFound("series_not_found", "There is no such series.", field="series")
    return found


def _about(reader: Reader, since: datetime, until: datetime) -> int:
    """Return about how many samples there are; time before the oldest of a few subjects holds none."""
    cadence = distance(reader, until, 60.0)
    if len(reader.rows) <= FEW:
        params = {"subjects": [row.key for row in reader.rows], "since": since, "until": until}
        begins: list[datetime] = [row["oldest"] for row in reader.run("export_oldest", params)]
    else:
        begins = [since] * len(reader.rows)
    seconds = sum(max((until - begin).total_seconds(), 0.0) for begin in begins)
    return round(seconds / cadence)


def export_blocks(export: Export) -> Iterator[bytes]:
    """Yield the file as CSV in blocks of whole lines, the head line first, within the caller's transaction."""
    sql.fetch_all(__file__, "export_begin.sql", {"timeout": LONGEST})
    if export.is_of_vitals:
        return bulk.copy_out(__file__, "export_vitals.sql", of_vitals(export), lists={"columns": export.metrics})
    return bulk.copy_out(__file__, "export_series.sql", _span(export))


def of_vitals(export: Export) -> dict[str, Any]:
    """Return what the statement of vitals takes; naming thousands of nodes would cost more than leaving others out."""
    few = export.subjects if len(export.subjects) <= MOST_NAMED else None
    return {**_span(export), "names": export.names, "few": few}


def _span(export: Export) -> dict[str, Any]:
    """Return whose samples are wanted, and from when until when."""
    return {"subjects": export.subjects, "since": export.since, "until": export.until}
