"""What is usual for a node, read from its roll-up."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.metrics.selectors.baseline import baseline_of
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.metrics.conftest import Store

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
# A Thursday, so that a Monday of three weeks lies well inside.
NOW = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)


@pytest.fixture
def node(store: Store, kept_by_job: None) -> Node:
    """A machine that is busy on Mondays at nine by the clock of universal time, and has measured for three weeks."""
    node = make.node()
    start = NOW.replace(minute=0) - timedelta(weeks=3)
    hours = (start + timedelta(hours=n) for n in range(21 * 24 + 1))
    busy = {at + timedelta(minutes=5): 90.0 if (at.weekday(), at.hour) == (0, 9) else 10.0 for at in hours}
    store(node, {at: {"cpu_percent": cpu} for at, cpu in busy.items()})
    return node


def test_busy_hour_is_found_where_it_stands_in_the_zone_asked_for(
    node: Node, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with acting_as("omega_worker"):
        with django_assert_num_queries(1):
            there = baseline_of(node.pk, "cpu_percent", now=NOW)
        berlin = baseline_of(node.pk, "cpu_percent", now=NOW, zone="Europe/Berlin")

    assert there.overall is not None
    assert there.overall.hours == 21 * 24
    assert (there.slots[9].mean, there.slots[10].mean) == (90.0, 10.0)
    assert (berlin.slots[9].mean, berlin.slots[10].mean) == (10.0, 90.0)


def test_nothing_is_usual_for_what_was_never_measured(node: Node) -> None:
    with acting_as("omega_worker"):
        assert baseline_of(node.pk, "gpu_temp", now=NOW).overall is None
        assert baseline_of(node.pk, "jobs_waiting", now=NOW).overall is None
        assert baseline_of(make.node().pk, "cpu_percent", now=NOW).overall is None
