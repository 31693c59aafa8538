"""The one query service: every page and program that asks for samples asks here."""

from datetime import datetime

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


def run(query: Query, now: datetime) -> Answer:
    """Return the series of a question.

    Raises Invalid naming the field that is wrong, `too_expensive` where it would read or return too much, and NotFound
    for a named node that the asker does not see.
    """
    raise NotImplementedError


def instant(window: Window, now: datetime) -> WindowAnswer:
    """Return one number per subject over a whole window; raises as `run` does."""
    raise NotImplementedError
