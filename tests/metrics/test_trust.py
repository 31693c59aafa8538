"""What can be said of an agent from what it sent: its clock, its gaps, its refusals, its version."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.clock import Clock, clock_of, newest_version
from apps.metrics.models import IngestTrust, UsageMetric
from apps.metrics.selectors.trust import coverage_of, skewed_nodes, trust_of
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
Queries = Callable[[int], Any]
MINUTE = timedelta(minutes=1)


def samples(node: Node, *times: datetime) -> None:
    """Store vitals at these times."""
    with acting_as("omega_worker"):
        UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at, cpu_percent=1.0) for at in times])


def every(step: timedelta, since: datetime, until: datetime) -> list[datetime]:
    """Return evenly spaced times in [since, until)."""
    return [since + step * n for n in range(int((until - since) / step))]


def counted(node: Node, day: datetime, **columns: Any) -> IngestTrust:
    """Return a stored day."""
    with acting_as("data_collector"):
        return IngestTrust.objects.create(node=node, day=day.date(), **columns)


@pytest.mark.parametrize(
    ("seconds", "meaning"),
    [
        (None, Clock.UNKNOWN),
        (0.0, Clock.OK),
        (-4.9, Clock.OK),
        (5.0, Clock.WARN),
        (-59.0, Clock.WARN),
        (-60.0, Clock.BAD),
    ],
)
def test_a_clock_is_judged_ahead_and_behind_alike(seconds: float | None, meaning: Clock) -> None:
    assert clock_of(seconds) is meaning


@pytest.mark.parametrize(
    ("versions", "newest"),
    [(["1.9.0", "1.10.0"], "1.10.0"), (["1.2", "1.2.1"], "1.2.1"), ([], ""), (["dev", "0.1"], "0.1"), (["", "1"], "1")],
)
def test_versions_are_compared_as_numbers(versions: list[str], newest: str) -> None:
    assert newest_version(versions) == newest


@given(st.lists(st.text(max_size=12)))
def test_whatever_agents_call_themselves_there_is_a_newest(versions: list[str]) -> None:
    assert newest_version(versions) in {*versions, ""}


def test_a_node_that_reports_on_its_beat_is_covered_whole(now: datetime) -> None:
    node = make.node(created_at=now - timedelta(days=3))
    samples(node, *every(MINUTE, now - timedelta(hours=25), now))

    found = coverage_of(node, now=now)

    assert (found.percent, found.gaps, found.missing_seconds, found.cadence_seconds) == (100.0, [], 0.0, 60.0)


def test_gaps_are_listed_longest_first_with_what_is_missing(now: datetime) -> None:
    node = make.node(created_at=now - timedelta(days=3))
    begin = now - timedelta(hours=24)
    times = every(MINUTE, begin, now)
    silent = [(begin + 60 * MINUTE, begin + 70 * MINUTE), (begin + 300 * MINUTE, begin + 420 * MINUTE)]
    samples(node, *(at for at in times if not any(start < at < end for start, end in silent)))

    found = coverage_of(node, now=now)

    assert [(gap.starts, gap.ends) for gap in found.gaps] == [silent[1], silent[0]]
    assert found.missing_seconds == (119 + 9) * 60
    assert found.percent == pytest.approx(100 * (1 - 128 / 1440))


def test_the_beginning_and_the_end_of_the_day_count_too(now: datetime) -> None:
    node = make.node(created_at=now - timedelta(days=3))
    since, until = now - timedelta(hours=10), now - timedelta(hours=4)
    samples(node, *every(MINUTE, since, until))

    found = coverage_of(node, now=now)

    assert [(gap.starts, gap.ends) for gap in found.gaps] == [
        (now - timedelta(hours=24), since),
        (until - MINUTE, now),
    ]


def test_a_node_is_not_blamed_for_the_time_before_it_came(now: datetime) -> None:
    node = make.node()
    Node.objects.filter(pk=node.pk).update(created_at=now - timedelta(hours=1))
    node.refresh_from_db()
    samples(node, *every(MINUTE, now - timedelta(hours=1), now))

    assert coverage_of(node, now=now).percent == 100.0


def test_a_node_that_never_reported_is_not_covered(now: datetime) -> None:
    node = make.node()
    Node.objects.filter(pk=node.pk).update(created_at=now - timedelta(hours=2))
    node.refresh_from_db()

    found = coverage_of(node, now=now)

    assert (found.percent, found.samples, len(found.gaps)) == (0.0, 0, 1)


def test_everything_is_known_in_three_statements(now: datetime, django_assert_num_queries: Queries) -> None:
    node = make.node(agent_version="1.2.0", clock_skew_seconds=-70.0)
    make.node(agent_version="1.10.0")
    counted(
        node, now, accepted=10, rejected=3, rejected_codes={"in_future": 2, "not_finite": 1}, protocols={"agent": 4}
    )
    counted(node, now - timedelta(days=1), accepted=5, rejected_codes={"not_finite": 9}, spool_at=now, spool_waiting=40)
    counted(node, now - timedelta(days=20), accepted=1000)

    with django_assert_num_queries(3):
        found = trust_of(node, now=now)

    assert (found.clock, found.newest_version, found.is_outdated) == (Clock.BAD, "1.10.0", True)
    assert (len(found.days), found.total["accepted"], found.refused_for_time) == (14, 15, 2)
    assert found.rejected_codes == {"not_finite": 10, "in_future": 2}
    assert found.spool is not None and found.spool.spool_waiting == 40


def test_clocks_that_are_off_are_found_worst_first(django_assert_num_queries: Queries) -> None:
    for skew in (None, 1.0, -4.0, 5.0, -600.0, 90.0):
        make.node(clock_skew_seconds=skew)
    make.node(clock_skew_seconds=1e6, status="retired")

    with django_assert_num_queries(1):
        found = skewed_nodes(2)

    assert found.count == 3
    assert [node.clock_skew_seconds for node in found.worst] == [-600.0, 90.0]
