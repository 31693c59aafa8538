"""The list of nodes: any order, either way, page by page: each node once, and one statement a page."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.core.paging import BadCursor, encode_cursor
from apps.metrics.paging import LONG_AGO, SORTS, VITAL_COLUMNS
from apps.metrics.selectors import fleet_page
from apps.nodes.models import Node
from apps.nodes.selectors import NodeFilters
from tests import make

pytestmark = pytest.mark.django_db
ORDERS = [sort for name in SORTS for sort in (name, f"-{name}")]
NUMBERS = count(1)
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ["", "a", "A", "ä", "b b", "10", "9", "_", "%", "z"]


def fleet(rows: list[dict[str, Any]], now: datetime) -> NodeFilters:
    """Make nodes with few different values among them, so that there are ties; returns the filter that finds them."""
    tag = f"fleet-{next(NUMBERS)}"
    for row in rows:
        contact = None if row["silent"] is None else now - timedelta(seconds=row["silent"])
        node = make.node(
            tags=[tag], region=row["text"], name=row["text"], agent_version=row["text"], last_heartbeat=contact
        )
        if row["has_vitals"]:
            make.latest(node, now, **dict.fromkeys(VITAL_COLUMNS, row["vital"]))
    return NodeFilters(tag=tag)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.sampled_from(NAMES),
            "silent": st.sampled_from([None, 0, 1]),
            "has_vitals": st.booleans(),
            "vital": st.sampled_from([None, 0.0, 0.1, 33.3]),
        }
    ),
    max_size=9,
)


def pages(filters: NodeFilters, sort: str, limit: int, now: datetime) -> tuple[list[list[Node]], list[list[Node]]]:
    """Return all pages read forwards, and read backwards from the last one."""
    page = fleet_page(filters, sort, None, now=now, limit=limit)
    forwards = [page]
    while page.next_cursor:
        page = fleet_page(filters, sort, page.next_cursor, now=now, limit=limit)
        forwards.append(page)
    backwards = [page]
    while page.previous_cursor:
        page = fleet_page(filters, sort, page.previous_cursor, now=now, limit=limit)
        backwards.insert(0, page)
    return [[row.node for row in p.rows] for p in forwards], [[row.node for row in p.rows] for p in backwards]


@MANY
@given(rows=ROWS, sort=st.sampled_from(ORDERS), limit=st.integers(1, 4))
def test_every_node_is_visited_once_either_way(
    rows: list[dict[str, Any]], sort: str, limit: int, now: datetime
) -> None:
    filters = fleet(rows, now)
    forwards, backwards = pages(filters, sort, limit, now)
    visited = [node.pk for page in forwards for node in page]

    assert len(visited) == len(set(visited)) == len(rows)
    assert [node.pk for page in backwards for node in page] == visited
    assert all(len(page) <= limit for page in [*forwards, *backwards])


@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_goes_its_way_and_ties_are_settled(sort: str, now: datetime) -> None:
    rows = [
        {"text": text, "silent": silent, "has_vitals": vital != -1, "vital": vital}
        for text, silent, vital in (("b", 2, 5.0), ("a", None, None), ("b", 0, -1), ("c", 2, 0.5), ("a", 1, 5.0))
    ]
    filters = fleet(rows, now)
    up, back = pages(filters, sort, 2, now)
    (other_way,), _ = pages(filters, sort.removeprefix("-") if sort.startswith("-") else f"-{sort}", 10, now)

    flat = [node.pk for page in up for node in page]
    assert flat == [node.pk for page in back for node in page] == [node.pk for node in reversed(other_way)]
    values = [sort_value(node, sort.removeprefix("-")) for page in up for node in page]
    assert values == sorted(values, reverse=sort.startswith("-"))


def sort_value(node: Node, column: str) -> object:
    """Return what a node is ordered by; one without a value stands where the smallest would."""
    if column not in VITAL_COLUMNS:
        value = getattr(node, column)
        return LONG_AGO if value is None else value
    vital = getattr(getattr(node, "latest", None), column, None)
    return -1.0 if vital is None else vital


def test_page_costs_one_statement_with_vitals_and_cursor(now: datetime, django_assert_num_queries: Any) -> None:
    for n in range(5):
        make.latest(make.node(), now, cpu_percent=float(n))
    first = fleet_page(NodeFilters(), "-cpu_percent", None, now=now, limit=2)

    with django_assert_num_queries(1):
        page = fleet_page(NodeFilters(), "-cpu_percent", first.next_cursor, now=now, limit=2)
        assert [row.latest.cpu_percent for row in page.rows if row.latest] == [2.0, 1.0]


def test_ends_have_no_neighbour(now: datetime) -> None:
    for _ in range(3):
        make.node()
    first = fleet_page(NodeFilters(), "hostname", None, now=now, limit=2)
    last = fleet_page(NodeFilters(), "hostname", first.next_cursor, now=now, limit=2)
    back = fleet_page(NodeFilters(), "hostname", last.previous_cursor, now=now, limit=2)

    assert (first.previous_cursor, last.next_cursor, back.previous_cursor) == (None, None, None)
    assert [row.node.pk for row in back.rows] == [row.node.pk for row in first.rows]


def test_node_that_was_not_heard_of_in_time_is_stale(now: datetime) -> None:
    for seconds in (1, 0, -1):
        make.node(silent_after=now + timedelta(seconds=seconds))
    make.node(silent_after=None)

    rows = fleet_page(NodeFilters(), "hostname", None, now=now).rows
    assert [row.is_stale for row in rows] == [False, False, True, True]


@pytest.mark.parametrize(
    "sort", ["", "-", "password", "--hostname", "hostname; DROP TABLE nodes", "latest__at", "x" * 500]
)
def test_order_by_anything_else_is_refused(sort: str, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        fleet_page(NodeFilters(), sort, None, now=now)

    assert refusal.value.field == "sort"
    assert len(refusal.value.detail) < 100


HOSTILE: list[list[Any]] = [
    ["a", "no id"],
    ["a", None],
    [None, None],
    ["a", 5],
    [10**400, "0" * 32],
    ["not a number", "0" * 32],
    [float("nan"), "0" * 32],
    [True, "0" * 32],
]


@pytest.mark.parametrize("sort", ["hostname", "-cpu_percent", "last_heartbeat"])
@pytest.mark.parametrize("values", HOSTILE, ids=str)
def test_cursor_somebody_made_up_is_refused_or_harmless(values: list[Any], sort: str, now: datetime) -> None:
    make.node()
    try:
        fleet_page(NodeFilters(), sort, encode_cursor(sort, values), now=now)
    except BadCursor as refusal:
        assert refusal.field == "after"  # noqa: PT017 - both answers are right


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-21"])
def test_time_at_the_edge_of_the_calendar_is_refused_or_harmless(value: str, now: datetime) -> None:
    test_cursor_somebody_made_up_is_refused_or_harmless([value, "0" * 32], "last_heartbeat", now)
