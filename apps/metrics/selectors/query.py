"""The one query service: every page and program that asks for samples asks here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.queries import (
    Aggregation,
    Answer,
    Combine,
    Fill,
    Point,
    Query,
    Selector,
    SeriesAnswer,
    Source,
    Subject,
    Total,
    Window,
    WindowAnswer,
)
from apps.metrics.selectors.query_check import check, not_a_counter
from apps.metrics.selectors.query_groups import Group, cells_of, groups_of, points_of, total_of
from apps.metrics.selectors.query_limits import bounded
from apps.metrics.selectors.query_plan import MOST_SUBJECTS, Kept, check_cost, plan_series, plan_window
from apps.metrics.selectors.query_rows import Cells, Reader, distance, read, reader_of
from apps.metrics.selectors.query_subjects import Found, Subjects, find_subjects
from apps.metrics.vitals import VITALS

__all__ = [
    "Aggregation",
    "Answer",
    "Combine",
    "Fill",
    "Point",
    "Query",
    "Selector",
    "SeriesAnswer",
    "Source",
    "Subject",
    "Total",
    "Window",
    "WindowAnswer",
    "instant",
    "run",
]
BANDED = (Aggregation.AVG, Aggregation.MIN, Aggregation.MAX, Aggregation.COUNT)


@dataclass(frozen=True, slots=True)
class Task:
    """A question with its subjects, what is kept of them, and how far apart their samples usually lie."""

    asked: Query | Window
    now: datetime
    subjects: Subjects
    kept: Kept
    cadence: float

    def reader(self, rows: Sequence[Found]) -> Reader:
        """Return a reader of some of the subjects."""
        is_everyone = self.subjects.is_everyone and len(rows) == len(self.subjects.rows)
        return reader_of(self.asked.metric, rows, is_everyone=is_everyone)

    def totals(self) -> tuple[Cells, Source]:
        """Return each subject's number over the whole span; raises Invalid when that costs too much."""
        plan = plan_window(self.asked, self.now, self.kept)
        check_cost(plan, len(self.subjects.rows), self.cadence)
        return read(self.reader(self.subjects.rows), plan, self.asked.aggregation), plan.source


def run(query: Query, now: datetime) -> Answer:
    """Return the series of a question.

    Raises Invalid naming the field that is wrong, `too_expensive` where it would read or return too much, and NotFound
    for a named node that the asker does not see.
    """
    check(query)
    with bounded(_table(query.metric), now) as since:
        task = _task(query, now, since)
        every = groups_of(task.subjects.rows, query.by)
        groups, totals = _top(query, task, every) if query.top else (every, {})
        rows = [row for group in groups for row in group.members]
        plan = plan_series(query, now, task.kept, task.cadence)
        check_cost(plan, len(rows), task.cadence)
        reader = task.reader(rows)
        cells = read(reader, plan, query.aggregation) if rows else {}
        band = read(reader, plan, Aggregation.AVG) if rows and _needs_band(query) else cells
    series = [
        SeriesAnswer(
            group.subject,
            query.metric,
            group.unit,
            group.labels,
            points_of(query, plan, cells_of(query, group, cells), band.get(group.members[0].key, ())),
            totals.get(group.labels_key),
        )
        for group in groups
    ]
    return Answer(series, plan.source, round(plan.step.total_seconds()), plan.steps, len(groups) < len(every))


def instant(window: Window, now: datetime) -> WindowAnswer:
    """Return one number per subject over a whole window; raises as `run` does."""
    check(window)
    with bounded(_table(window.metric), now) as since:
        task = _task(window, now, since)
        cells, source = task.totals() if task.subjects.rows else ({}, Source.RAW)
    totals = [_total(row, cells) for row in task.subjects.rows]
    kept = totals
    if window.top:
        valued = [total for total in totals if total.value is not None]
        kept = sorted(valued, key=lambda total: total.value or 0.0, reverse=not window.lowest)[: window.top]
    unit = next((row.unit for row in task.subjects.rows), "")
    return WindowAnswer(kept, window.metric, unit, source, is_truncated=len(kept) < len(totals))


def _table(metric: str) -> KeptTable:
    """Return where the samples of a metric are."""
    return KeptTable.USAGE_METRICS if metric in VITALS else KeptTable.METRIC_SAMPLES


def _task(asked: Query | Window, now: datetime, since: datetime) -> Task:
    """Return a question with what must be known to plan it."""
    subjects = find_subjects(asked.metric, asked.selector, asked.labels, MOST_SUBJECTS)
    if asked.aggregation is Aggregation.RATE and any(row.kind == "gauge" for row in subjects.rows):
        raise not_a_counter(asked.metric)
    is_vital = asked.metric in VITALS
    has_rollups = not is_vital or asked.aggregation is not Aggregation.LAST
    kept = Kept(since, has_days=is_vital and has_rollups, has_rollups=has_rollups)
    reader = reader_of(asked.metric, subjects.rows, is_everyone=subjects.is_everyone)
    usual = float(subjects.rows[0].cadence) if subjects.rows else 60.0
    cadence = distance(reader, min(asked.end, now), usual) if subjects.rows else usual
    return Task(asked, now, subjects, kept, cadence)


def _top(query: Query, task: Task, groups: list[Group]) -> tuple[list[Group], dict[object, float]]:
    """Return the groups of the greatest or least totals, in their order, and all totals."""
    cells, _ = task.totals()
    values = {group.labels_key: total_of(query, group, cells) for group in groups}
    totals = {key: value for key, value in values.items() if value is not None}
    ranked = [group for group in groups if group.labels_key in totals]
    ranked.sort(key=lambda group: totals[group.labels_key], reverse=not query.lowest)
    return ranked[: query.top], totals


def _total(row: Found, cells: Cells) -> Total:
    """Return one subject's number; None of no samples where it sent none."""
    cell = next(iter(cells.get(row.key, ())), None)
    return Total(row.subject, row.labels, cell.value if cell else None, cell.samples if cell else 0)


def _needs_band(query: Query) -> bool:
    """Tell whether least and greatest take a statement of their own."""
    return query.band and query.by is None and query.aggregation not in BANDED
