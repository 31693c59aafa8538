"""The one query service: every page and program that asks for samples asks here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter

from apps.core import sql
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models.retention_policy import FEWEST_DAYS, KeptTable
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
from apps.metrics.selectors.query_numbers import Number, Numbers, numbers
from apps.metrics.selectors.query_plan import (
    DAY,
    FINEST,
    MOST_ROWS,
    MOST_SUBJECTS,
    Kept,
    Plan,
    check_cost,
    check_sketches,
    floor,
    plan_series,
    plan_window,
)
from apps.metrics.selectors.query_rows import Reader, distance, read, reader_of
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
NOTHING: Number = (None, 0)


@dataclass(frozen=True)
class Task:
    """A question with its subjects and what is kept of them."""

    asked: Query | Window
    now: datetime
    subjects: Subjects
    kept: Kept

    @cached_property
    def cadence(self) -> float:
        """How many seconds usually lie between their samples, which is looked up only where it decides something."""
        rows = self.subjects.rows
        usual = float(rows[0].cadence) if rows else 60.0
        return distance(self.reader(rows), min(self.asked.end, self.now), usual) if rows else usual

    def check_cost(self, plan: Plan, subjects: int) -> None:
        """Raise Invalid where a plan costs too much; what may be read however dense the samples are needs no look."""
        is_cheap = subjects * plan.rows(FINEST) <= MOST_ROWS
        check_cost(plan, subjects, FINEST if is_cheap else self.cadence)

    def reader(self, rows: Sequence[Found]) -> Reader:
        """Return a reader of some of the subjects."""
        is_everyone = self.subjects.is_everyone and len(rows) == len(self.subjects.rows)
        return reader_of(self.asked.metric, rows, is_everyone=is_everyone)

    def numbers(self) -> tuple[Numbers, Source]:
        """Return each subject's number over the whole span; raises Invalid when that costs too much."""
        plan = plan_window(self.asked, self.now, self.kept)
        self.check_cost(plan, len(self.subjects.rows))
        return numbers(self.reader(self.subjects.rows), plan, self.asked.aggregation), plan.source


def run(query: Query, now: datetime, *, is_last: bool = False) -> Answer:
    """Return the series of a question.

    Raises Invalid naming the field that is wrong, `too_expensive` where it would read or return too much, and NotFound
    for a named node that the asker does not see. After an error the transaction stays usable, unless this `is_last`.
    """
    check(query)
    with bounded(_table(query.metric), now, is_last=is_last) as since:
        task = _task(query, now, since)
        every = groups_of(task.subjects.rows, query.by)
        groups, totals = _top(query, task, every) if query.top else (every, {})
        rows = [row for group in groups for row in group.members]
        plan = plan_series(query, now, task.kept, task.cadence if query.step is None else FINEST)
        task.check_cost(plan, len(rows))
        if query.aggregation is Aggregation.P95:
            check_sketches(plan, len(rows))
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


def instant(window: Window, now: datetime, *, is_last: bool = False) -> WindowAnswer:
    """Return one number per subject over a whole window; raises as `run` does."""
    check(window)
    with bounded(_table(window.metric), now, is_last=is_last) as since:
        task = _task(window, now, since)
        found, source = task.numbers() if task.subjects.rows else ({}, Source.RAW)
    rows = task.subjects.rows
    totals = [Total(row.subject, row.labels, *found.get(row.key, NOTHING)) for row in rows]
    if window.top:
        totals = [total for total in totals if total.value is not None]
        totals.sort(key=attrgetter("value"), reverse=not window.lowest)
    kept = totals[: window.top]
    unit = rows[0].unit if rows else ""
    return WindowAnswer(kept, window.metric, unit, source, is_truncated=len(kept) < len(rows))


def _table(metric: str) -> KeptTable:
    """Return where the samples of a metric are."""
    return KeptTable.USAGE_METRICS if metric in VITALS else KeptTable.METRIC_SAMPLES


def _task(asked: Query | Window, now: datetime, since: datetime) -> Task:
    """Return a question with what must be known to plan it."""
    is_grouped = isinstance(asked, Query) and asked.by is not None
    subjects = find_subjects(asked.metric, asked.selector, asked.labels, MOST_SUBJECTS, is_grouped=is_grouped)
    if asked.aggregation is Aggregation.RATE and any(row.kind == "gauge" for row in subjects.rows):
        raise not_a_counter(asked.metric)
    is_vital = asked.metric in VITALS
    has_rollups = asked.aggregation is not Aggregation.LAST if is_vital else _are_rolled_up(subjects)
    sketches_since = _sketches_since(asked, now) if is_vital and asked.aggregation is Aggregation.P95 else None
    kept = Kept(since, is_vital and has_rollups, has_rollups, sketches_since)
    return Task(asked, now, subjects, kept)


def _are_rolled_up(series: Subjects) -> bool:
    """Tell whether series have hours: the job finds them by their nodes, so those of no node stay as samples."""
    return tier_of() is Tier.TIMESCALE or all(row.subject.node_id for row in series.rows)


def _sketches_since(asked: Query | Window, now: datetime) -> datetime | None:
    """Return since when hours have sketches; the newest always have, so that nothing needs to be looked up for them."""
    if floor(asked.start, DAY) > now - timedelta(days=FEWEST_DAYS):
        return None
    found: datetime | None = sql.fetch_all(__file__, "sketches_since.sql", {})[0]["since"]
    return found


def _top(query: Query, task: Task, groups: list[Group]) -> tuple[list[Group], dict[object, float]]:
    """Return the groups of the greatest or least totals, in their order, and all totals."""
    found, _ = task.numbers()
    values = {group.labels_key: total_of(query, group, found) for group in groups}
    totals = {key: value for key, value in values.items() if value is not None}
    ranked = [group for group in groups if group.labels_key in totals]
    ranked.sort(key=lambda group: totals[group.labels_key], reverse=not query.lowest)
    return ranked[: query.top], totals


def _needs_band(query: Query) -> bool:
    """Tell whether least and greatest take a statement of their own."""
    return query.band and query.by is None and query.aggregation not in BANDED
