"""Who may correct samples, what cannot be corrected, and what cannot be undone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.errors import Conflict, Forbidden, Invalid
from apps.metrics.models import CorrectedUsage
from apps.metrics.selectors.correction import Subject
from apps.metrics.services.correction import request_correction, request_undo
from apps.metrics.services.correction_work import forget_corrected
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.correcting import (
    HOUR,
    MINUTE,
    blank,
    correct,
    kept,
    noon_before,
    undo,
    vitals,
    whole,
    work,
    wrong_node,
)

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Yesterday, 12:00 UTC."""
    return noon_before(now)


@pytest.fixture
def node(db: None, noon: datetime) -> Node:
    """A node with a sample a minute from 11:00 to 14:00."""
    return wrong_node(noon)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"columns": ("cpu_percent",)}, "columns"),
        ({"kind": "set_null"}, "columns"),
        ({"kind": "set_null", "columns": ("nonsense",)}, "columns"),
        ({"kind": "double"}, "kind"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "ends_at"),
        ({"ends_at": datetime(2199, 1, 1, tzinfo=UTC)}, "ends_at"),
        ({"starts_at": datetime(2001, 1, 1, tzinfo=UTC)}, "starts_at"),
    ],
)
def test_what_cannot_be_corrected_is_refused_and_the_field_named(
    node: Node, noon: datetime, now: datetime, changes: dict[str, Any], field: str
) -> None:
    usual = {"node": node, "series": None, "columns": (), "kind": "remove", "starts_at": noon, "ends_at": noon + HOUR}
    with pytest.raises(Invalid) as refusal:
        request_correction(actor=make.user("ADMIN"), subject=Subject(**{**usual, **changes}), reason="x", now=now)
    assert refusal.value.field == field


def test_a_span_that_holds_nothing_and_a_missing_reason_are_refused(node: Node, noon: datetime, now: datetime) -> None:
    ada = make.user("ADMIN")
    with pytest.raises(Invalid, match="no such sample"):
        request_correction(actor=ada, subject=whole(node, noon - 9 * HOUR, noon - 8 * HOUR), reason="x", now=now)
    with pytest.raises(Invalid, match="why"):
        request_correction(actor=ada, subject=whole(node, noon, noon + HOUR), reason="  ", now=now)


@pytest.mark.parametrize("role", ["DEVOPS", "ANALYST", "USER", "READONLY"])
def test_nobody_but_an_admin_corrects(node: Node, noon: datetime, now: datetime, role: str) -> None:
    with pytest.raises(Forbidden):
        request_correction(actor=make.user(role), subject=whole(node, noon, noon + HOUR), reason="x", now=now)
    row = correct(whole(node, noon, noon + HOUR), now)
    with pytest.raises(Forbidden):
        request_undo(actor=make.user(role), correction=row, reason="x", now=now)


def test_one_at_a_time_and_the_later_one_is_undone_first(node: Node, noon: datetime, now: datetime) -> None:
    ada, subject = make.user("ADMIN"), blank(node, noon, noon + HOUR, "cpu_percent")
    first = request_correction(actor=ada, subject=subject, reason="x", now=now)
    with pytest.raises(Conflict, match="already"):
        request_correction(actor=ada, subject=whole(node, noon, noon + HOUR), reason="x", now=now)
    with pytest.raises(Conflict, match="that is done"):
        request_undo(actor=ada, correction=first, reason="x", now=now)
    work(now)
    raw = vitals(node)
    second = correct(whole(node, noon, noon + HOUR), now + MINUTE)

    with pytest.raises(Conflict, match="later"):
        undo(first, now)
    undo(second, now)
    assert vitals(node) == raw
    undo(first, now)
    with pytest.raises(Conflict, match="that is done"):
        undo(first, now)


def test_values_are_kept_for_thirty_days(node: Node, noon: datetime, now: datetime) -> None:
    row = correct(whole(node, noon, noon + HOUR), now)
    with acting_as("omega_worker"):
        assert forget_corrected(now=now + timedelta(days=29)) == 0
        assert forget_corrected(now=now + timedelta(days=31)) == 1

    assert kept(CorrectedUsage) == 0
    with pytest.raises(Conflict, match="gone"):
        undo(row, now)
