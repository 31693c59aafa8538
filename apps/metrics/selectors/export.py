"""Samples as a file: what it holds, what it would cost, and its bytes block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core import bulk, sql
from apps.core.cells import neutral
from apps.core.errors import Invalid
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.queries import Window
from apps.metrics.selectors.query_check import check
from apps.metrics.selectors.query_limits import bounded
from apps.metrics.selectors.query_plan import MOST_SUBJECTS
from apps.metrics.selectors.query_rows import distance, reader_of
from apps.metrics.selectors.query_subjects import find_subjects
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


def plan_export(asked: Window, metrics: Sequence[str], now: datetime) -> Export:
    """Return what a file will hold: of one named metric, or of some vitals side by side.

    Raises Invalid naming the field, `too_expensive` for a larger file than anyone can open, NotFound for a node that
    the asker does not see.
    """
    names = tuple(dict.fromkeys(metrics))
    check(asked)
    if len(names) > 1 and not set(names) <= set(VITALS):
        raise Invalid("bad_metric", "Ask for some vitals, or for one named metric alone.", field="metric")
    with bounded(KeptTable.USAGE_METRICS if names[0] in VITALS else KeptTable.METRIC_SAMPLES, now) as kept:
        rows = find_subjects(names[0], asked.selector, asked.labels, MOST_SUBJECTS).rows
        cadence = distance(reader_of(names[0], rows, is_everyone=False), min(asked.end, now), 60.0) if rows else 60.0
    since, until = max(asked.start, kept), min(asked.end, now)
    about = round(max((until - since).total_seconds(), 0) / cadence * len(rows))
    if len(rows) > MOST_SUBJECTS or about > MOST_EXPORTED:
        detail = f"About {about:,} rows are too many for a file of at most {MOST_EXPORTED:,}. Ask for a shorter span."
        raise Invalid("too_expensive", detail, field="start")
    hosts = [neutral(row.subject.hostname) for row in rows]
    return Export(names, [row.key for row in rows], since, until, about, hosts)


def export_blocks(export: Export) -> Iterator[bytes]:
    """Yield the file as CSV in blocks of whole lines, the head line first, within the caller's transaction."""
    sql.fetch_all(__file__, "export_begin.sql", {"timeout": LONGEST})
    params: dict[str, Any] = {"subjects": export.subjects, "since": export.since, "until": export.until}
    if export.is_of_vitals:
        few = export.subjects if len(export.subjects) <= FEW else None
        params |= {"names": export.names, "few": few}
        return bulk.copy_out(__file__, "export_vitals.sql", params, lists={"columns": export.metrics})
    return bulk.copy_out(__file__, "export_series.sql", params)
