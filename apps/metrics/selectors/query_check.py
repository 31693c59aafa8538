"""What a question must satisfy before anything is read. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from apps.core.errors import Invalid
from apps.core.text import are_storable
from apps.metrics.queries import Aggregation, Query, Selector, Window
from apps.metrics.vitals import VITALS

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_SPAN = timedelta(days=732)
MOST_STEPS, MOST_TOP, MOST_NAMES, MOST_NODES = 20_000, 20_000, 20, 5000
LONGEST_NAME = 100


def check(asked: Query | Window) -> None:
    """Raise Invalid naming the field of a question that cannot be answered."""
    _check_metric(asked)
    _check_span(asked.start, asked.end)
    _check_selector(asked.selector, asked.labels)
    if asked.top is not None and not 1 <= asked.top <= MOST_TOP:
        raise Invalid("bad_top", f"Ask for the top 1 to {MOST_TOP:,}.", field="top")
    if isinstance(asked, Query):
        _check_steps(asked)
        if asked.by is not None and (len(asked.by) > MOST_NAMES or not are_storable(asked.by)):
            raise Invalid("bad_by", f"Group by at most {MOST_NAMES} labels.", field="by")


def _check_metric(asked: Query | Window) -> None:
    """Raise Invalid for a name that no metric can have, and for the rate of what is no counter."""
    if not 1 <= len(asked.metric) <= LONGEST_NAME or not are_storable([asked.metric]):
        raise Invalid("unknown_metric", f"There is no metric called “{asked.metric[:60]!r}”.", field="metric")
    if asked.aggregation is Aggregation.RATE and asked.metric in VITALS:
        raise not_a_counter(asked.metric)


def not_a_counter(metric: str) -> Invalid:
    """Return the refusal of a rate of something that goes up and down."""
    return Invalid("not_a_counter", f"“{metric[:60]}” is no counter, so it has no rate.", field="aggregation")


def _check_span(start: datetime, end: datetime) -> None:
    """Raise Invalid for a span that calendars, or this portal, cannot hold."""
    for field, moment in (("start", start), ("end", end)):
        if moment.tzinfo is None:
            raise Invalid("bad_span", "Times need a zone.", field=field)
    if start < EARLIEST or end > LATEST:
        field = "start" if start < EARLIEST else "end"
        raise Invalid("bad_span", "The span must lie between the years 2000 and 2100.", field=field)
    if not start < end:
        raise Invalid("bad_span", "The end must lie after the start.", field="end")
    if end - start > LONGEST_SPAN:
        raise Invalid("span_too_long", "The longest span is two years.", field="start")


def _check_steps(query: Query) -> None:
    """Raise Invalid for steps that make no chart."""
    if not 2 <= query.max_points <= 5000:
        raise Invalid("bad_max_points", "Ask for 2 to 5000 points.", field="max_points")
    if query.step is not None and not 1 <= query.step <= LONGEST_SPAN.total_seconds():
        raise Invalid("bad_step", "A step is 1 second to two years.", field="step")
    if query.step is not None and (query.end - query.start).total_seconds() / query.step > MOST_STEPS:
        raise Invalid(
            "too_expensive", f"At most {MOST_STEPS:,} steps are answered; ask for a larger one.", field="step"
        )


def _check_selector(selector: Selector, labels: Mapping[str, str]) -> None:
    """Raise Invalid for more conditions than anyone means, or for text that no row can hold."""
    sizes = {"label": len(labels), "node_label": len(selector.labels), "tag": len(selector.tags)}
    for field, size in sizes.items():
        if size > MOST_NAMES:
            raise Invalid("too_many", f"At most {MOST_NAMES} of these.", field=field)
    if len(selector.nodes or ()) > MOST_NODES:
        raise Invalid("too_many", f"Name at most {MOST_NODES:,} nodes.", field="node")
    texts = {
        "label": [*labels, *labels.values()],
        "node_label": [*selector.labels, *selector.labels.values()],
        "tag": selector.tags,
        "node_type": [selector.node_type],
        "status": [selector.status],
        "region": [selector.region],
    }
    for field, values in texts.items():
        if not are_storable(values):
            raise Invalid("unstorable", "This text holds characters that cannot be stored.", field=field)
