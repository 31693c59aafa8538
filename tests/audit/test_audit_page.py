"""The log is read in pages and narrowed by filters; no entry is shown twice or skipped."""

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit.models import AuditLog
from apps.audit.selectors import ORDER, AuditFilters, audit_entries, audit_page
from apps.core.paging import BadCursor, encode_cursor

pytestmark = pytest.mark.django_db
NUMBERS = count(2)
SHOWN_ONCE = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def entry(at: datetime, **columns: object) -> AuditLog:
    """Return one event at a time."""
    return AuditLog.objects.create(**{"timestamp": at, "action": "TESTED", "category": "SYSTEM", **columns})


def walked(limit: int, *, backwards: bool) -> list[int]:
    """Return the ids of all pages from one end to the other, as a reader with a mouse gets them."""
    page = audit_page(AuditFilters(), None, limit)
    pages = [page]
    while page.next_cursor:
        page = audit_page(AuditFilters(), page.next_cursor, limit)
        pages.append(page)
    if not backwards:
        return [row.id for each in pages for row in each.rows]
    pages = [page]
    while page.previous_cursor:
        page = audit_page(AuditFilters(), page.previous_cursor, limit)
        pages.insert(0, page)
    return [row.id for each in pages for row in each.rows]


@SHOWN_ONCE
@given(ages=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5), backwards=st.booleans())
def test_every_entry_is_visited_once_newest_first(ages: list[int], limit: int, backwards: bool, now: datetime) -> None:
    base = now - timedelta(days=next(NUMBERS))
    made = [entry(base - timedelta(seconds=age)) for age in ages]
    ids = {row.id for row in made}
    expected = [row.id for row in sorted(made, key=lambda row: (row.timestamp, row.id), reverse=True)]

    assert [found for found in walked(limit, backwards=backwards) if found in ids] == expected


FILTERS = {
    "category": (AuditFilters(category="AUTH"), {"category": "AUTH"}),
    "action": (AuditFilters(action="SIGNED_IN"), {"action": "SIGNED_IN"}),
    "person": (AuditFilters(user_email="ADA@"), {"user_email": "ada@example.test"}),
    "resource": (AuditFilters(resource_id="abc"), {"resource_id": "abc"}),
    "status": (AuditFilters(status="FAILURE"), {"status": "FAILURE"}),
    "text in description": (AuditFilters(text="cellar"), {"description": "moved to the Cellar"}),
    "text in reason": (AuditFilters(text="50%"), {"reason": "cut by 50%"}),
    "text in name": (AuditFilters(text="node_1"), {"resource_name": "node_1"}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filter_keeps_what_matches_and_nothing_else(name: str, now: datetime) -> None:
    filters, columns = FILTERS[name]
    wanted = entry(now, **columns)
    entry(now, resource_name="nodeX1", reason="cut by 50 nodes", user_email="adam@example.test")

    assert list(audit_entries(filters)) == [wanted]


def test_span_takes_its_start_and_leaves_its_end(now: datetime) -> None:
    first, second, third = (entry(now + timedelta(seconds=n)) for n in range(3))

    assert list(audit_entries(AuditFilters(since=first.timestamp, until=third.timestamp))) == [second, first]


def test_row_images_are_shown_only_when_asked_for(now: datetime) -> None:
    event, image = entry(now), entry(now, is_row_image=True)

    assert list(audit_entries(AuditFilters())) == [event]
    assert {event, image} <= set(audit_entries(AuditFilters(with_row_images=True)))


@pytest.mark.parametrize("hostile", ["%", "_", "'", '"', "\\", "\x00", "\ud800", "a" * 5000])
def test_hostile_text_finds_nothing_and_breaks_nothing(hostile: str, now: datetime) -> None:
    entry(now, user_email="ada@example.test", description="plain")

    for filters in (AuditFilters(text=hostile), AuditFilters(user_email=hostile), AuditFilters(resource_id=hostile)):
        assert list(audit_entries(filters)) == []


SOME_TIME = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "values", [["yesterday", 1], [SOME_TIME, "x"], [None, None], ["2026-01-01", 1], [SOME_TIME, 10**30]], ids=str
)
def test_cursor_that_is_no_place_in_the_log_is_refused_or_empty(values: list[object], now: datetime) -> None:
    entry(now)
    cursor = encode_cursor(ORDER, values)
    try:
        assert list(audit_page(AuditFilters(), cursor).rows) == []
    except BadCursor as refusal:
        assert refusal.field == "after"  # noqa: PT017 - both answers are right


def test_one_page_costs_one_statement(now: datetime, django_assert_num_queries: object) -> None:
    for n in range(4):
        entry(now - timedelta(seconds=n), user_id=UUID(int=n))

    with django_assert_num_queries(1):  # type: ignore[operator]
        audit_page(AuditFilters(), None, 2)
