"""How a question is answered: its step, the storage each part of its span is read from, and what that costs. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from apps.core.errors import Invalid
from apps.metrics.queries import Aggregation, Query, Source, Window

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RAW_SPAN = timedelta(days=2)
DAILY_SPAN = timedelta(days=14)
SETTLING = timedelta(minutes=10)
ENDLESS = timedelta(days=36_500)
NICE_STEPS = (10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
MOST_ROWS = 5_000_000
# Samples are taken to lie no closer together than this, in seconds.
FINEST = 0.1
MOST_POINTS = 300_000
MOST_SKETCHES = 200_000
MOST_SUBJECTS = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there to read: samples from `since` on, and whether hours and days are rolled up.

    Percentiles of several hours together need the hours' sketches, which are there from the day of `sketches_since` on;
    None means of all hours.
    """

    since: datetime
    has_days: bool
    has_rollups: bool
    sketches_since: datetime | None = None

    def has_sketches(self, start: datetime) -> bool:
        """Tell whether all hours from a moment on have sketches."""
        return self.sketches_since is None or start >= self.sketches_since


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a span, each of [its start, the next one's start): samples, hours, days, hours, samples.

    `start` and `end` are the span itself; parts may be empty. `step` is a whole number of seconds for series, endless
    for a window, whose one step begins at `origin`.
    """

    source: Source
    step: timedelta
    origin: datetime
    start: datetime
    finer_from: datetime
    rolled_from: datetime
    rolled_until: datetime
    finer_until: datetime
    end: datetime
    now: datetime

    @property
    def steps(self) -> list[datetime]:
        """Return the starts of all steps."""
        return [self.start + n * self.step for n in range(ceil((self.end - self.start) / self.step))]

    @property
    def is_of_samples(self) -> bool:
        """Tell whether no roll-up is read."""
        return self.finer_from == self.finer_until

    @property
    def is_of_hours(self) -> bool:
        """Tell whether nothing but hours is read."""
        are_all = self.start == self.finer_from and self.finer_until == self.end
        return are_all and not self.is_of_samples and self.rolled_from == self.rolled_until

    @property
    def sampled(self) -> timedelta:
        """Return how much of the span is read from samples."""
        return (self.finer_from - self.start) + (self.end - self.finer_until)

    def rows(self, cadence: float) -> float:
        """Return about how many rows are read for one subject, whose samples lie `cadence` seconds apart."""
        return self.sampled.total_seconds() / cadence + self.rolled_rows

    @property
    def rolled_rows(self) -> float:
        """Return how many hours and days are read for one subject."""
        hours = (self.rolled_from - self.finer_from) + (self.finer_until - self.rolled_until)
        return hours / HOUR + (self.rolled_until - self.rolled_from) / DAY


def floor(at: datetime, width: timedelta) -> datetime:
    """Return the start of the step that a moment lies in."""
    return ORIGIN + (at - ORIGIN) // width * width


def ceiling(at: datetime, width: timedelta) -> datetime:
    """Return the first start of a step that is not before a moment."""
    return ORIGIN - (ORIGIN - at) // width * width


def nice_step(span: timedelta, max_points: int, *, least: float) -> int:
    """Return the smallest round step, in seconds, that fits the span into `max_points` and is at least `least`."""
    needed = max(ceil(span.total_seconds() / max_points), ceil(least))
    return next((step for step in NICE_STEPS if step >= needed), ceil(needed / 86400) * 86400)


def is_short(start: datetime, end: datetime, kept: Kept) -> bool:
    """Tell whether a span is answered from samples unless its step says otherwise."""
    return end - start <= RAW_SPAN and start >= kept.since


def plan_series(query: Query, now: datetime, kept: Kept, cadence: float) -> Plan:
    """Return the plan of a series, whose span is widened to whole steps; raises Invalid for too fine a step."""
    is_raw = is_short(query.start, query.end, kept) or not kept.has_rollups
    least = 2 * cadence if is_raw else HOUR.total_seconds()
    seconds = query.step or nice_step(query.end - query.start, query.max_points, least=least)
    is_sketched = query.aggregation is Aggregation.P95 and seconds != HOUR.total_seconds()
    if is_sketched and not query.step and not is_raw and not kept.has_sketches(query.start):
        seconds = nice_step(query.end - query.start, query.max_points, least=DAY.total_seconds())
    step = timedelta(seconds=seconds)
    start, end = floor(query.start, step), ceiling(query.end, step)
    if not kept.has_rollups or step % HOUR or (query.aggregation is Aggregation.P95 and is_raw):
        if query.start < kept.since and kept.has_rollups and step % HOUR:
            detail = f"Samples are kept since {kept.since:%F %R}Z; before, only steps of whole hours can be answered."
            raise Invalid("step_too_fine", detail, field="step")
        return Plan(Source.RAW, step, ORIGIN, start, start, start, start, start, end, now)
    are_gone = is_sketched and not kept.has_sketches(start)
    if are_gone and step % DAY:
        detail = (
            f"Percentiles of several hours together are kept since {kept.sketches_since:%F}; before, only steps of one"
            " hour or of whole days can be answered."
        )
        raise Invalid("step_too_fine", detail, field="step")
    settled = min(max(start, floor(now - SETTLING, HOUR)), end)
    if kept.has_days and not step % DAY and (query.end - query.start > DAILY_SPAN or are_gone):
        days = min(max(start, floor(now, DAY) - DAY), end)
        return Plan(Source.DAILY, step, ORIGIN, start, start, start, days, max(days, settled), end, now)
    return Plan(Source.HOURLY, step, ORIGIN, start, start, settled, settled, settled, end, now)


def plan_window(window: Window | Query, now: datetime, kept: Kept) -> Plan:
    """Return the plan of one number over a span: whole hours and days from roll-ups, the rest from samples.

    An end of the span that lies before the kept samples is widened to the whole hour, and for a percentile that lies
    before the kept sketches to the whole day; short spans are answered from the samples as long as there are any.
    """
    start, end = window.start, window.end
    are_gone = window.aggregation is Aggregation.P95 and not kept.has_sketches(floor(start, HOUR))
    if are_gone and is_short(start, end, kept):
        return Plan(Source.RAW, ENDLESS, start, start, start, start, start, start, end, now)
    if kept.has_rollups:
        start = start if start >= kept.since else floor(start, HOUR)
        end = end if end >= kept.since else ceiling(end, HOUR)
    if are_gone and kept.sketches_since:
        start = floor(start, DAY)
        end = end if end >= kept.sketches_since else ceiling(end, DAY)
    first, last = ceiling(start, HOUR), floor(min(end, now - SETTLING), HOUR)
    if first >= last or not kept.has_rollups:
        return Plan(Source.RAW, ENDLESS, start, start, start, start, start, start, end, now)
    first_day, last_day = ceiling(first, DAY), min(floor(last, DAY), floor(now, DAY) - DAY)
    if kept.has_days and (last_day - first_day > DAILY_SPAN or are_gone):
        return Plan(Source.DAILY, ENDLESS, start, start, first, first_day, last_day, last, end, now)
    return Plan(Source.HOURLY, ENDLESS, start, start, first, last, last, last, end, now)


def check_cost(plan: Plan, subjects: int, cadence: float, *, shown: int | None = None) -> None:
    """Raise Invalid where too many subjects, points or rows are asked for; `shown` subjects are returned."""
    if subjects > MOST_SUBJECTS:
        raise _expensive(f"More than {MOST_SUBJECTS:,} subjects match. Narrow them by tag, label, region or type.")
    steps = 1 if plan.step == ENDLESS else (plan.end - plan.start) // plan.step
    points = steps * (subjects if shown is None else min(shown, subjects))
    if points > MOST_POINTS:
        raise _expensive(
            f"{points // max(steps, 1):,} series of {steps:,} points are {points:,} points, and at most {MOST_POINTS:,}"
            " are answered. Ask for a larger step, fewer subjects, a shorter span, or the top few."
        )
    rows = round(subjects * plan.rows(cadence))
    if rows > MOST_ROWS:
        raise _expensive(
            f"This would read about {rows:,} rows, and at most {MOST_ROWS:,} are read. Ask for fewer subjects, a"
            " shorter span, or steps of whole hours."
        )


def check_sketches(plan: Plan, subjects: int) -> None:
    """Raise Invalid where the steps of a percentile would need more sketches at once than fit into memory."""
    sketches = 0 if plan.is_of_samples or plan.step == HOUR else round(subjects * plan.rolled_rows)
    if sketches > MOST_SKETCHES:
        raise _expensive(
            f"This would join the percentiles of {sketches:,} hours, and at most {MOST_SKETCHES:,} are joined. Ask for"
            " fewer subjects, a shorter span, or steps of one hour."
        )


def _expensive(detail: str) -> Invalid:
    """Return the refusal of a question that costs too much."""
    return Invalid("too_expensive", detail, field="step")
