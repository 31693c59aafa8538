"""The narrow views over all measurements: whose rows they show, what may be added there, and what a look costs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from psycopg.errors import IntegrityError as IntegrityViolation
from psycopg.errors import UniqueViolation

from apps.audit.models import AuditLog
from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, UsageMetric, UsageRollupQueue
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.rows.asking import rows
from tests.rows.test_peoples_log_ins import Ask, Open, houses, log_in
from tests.rows.two_tenants import House

__all__ = ["houses", "log_in"]
pytestmark = pytest.mark.data_layer
REFUSED = [("refused",)]
NEWEST = (
    "SELECT value FROM node_metrics WHERE node_id = '{}' AND metric_type = '{}'"
    " AND time >= now() - interval '5 minutes' ORDER BY time DESC LIMIT 1"
)


def owner() -> str:
    """Return the role that owns the tests' database."""
    return str(connections["owner"].settings_dict["USER"])


def sample(node: Node, name: str, at: datetime, value: float, **subject: Any) -> MetricSeries:
    """Store one sample of a name."""
    with acting_as("omega_worker"):
        series, _ = MetricSeries.objects.get_or_create(
            tenant=node.tenant, node=node, metric_type=name, unit="jobs", **subject
        )
        MetricSample.objects.bulk_create([MetricSample(series=series, time=at, value=value)])
    return series


@pytest.mark.django_db
def test_every_vital_has_its_narrow_name_and_unit() -> None:
    with acting_as(owner()):
        found: dict[str, str] = dict(rows("SELECT vital, unit FROM narrow_vitals()"))
    assert found.pop("uptime_seconds") == "s"
    assert found == {name: vital.unit for name, vital in VITALS.items()}


def test_vitals_and_samples_stand_side_by_side_under_the_names_people_know(
    log_in: Open, houses: tuple[House, House]
) -> None:
    red, _ = houses
    at = datetime.now(UTC).replace(microsecond=0)
    make.usage(red.node, at, cpu_percent=12.5, ram_percent=50.0, uptime_seconds=7.0)
    sample(red.node, "jobs_waiting", at, 3.0)
    reader = log_in("analyst", tenant=red.tenant)

    found = reader(f"SELECT metric_type, value, unit FROM node_metrics WHERE time = '{at.isoformat()}' ORDER BY 1")  # noqa: S608
    assert found == [
        ("cpu_usage", 12.5, "%"), ("jobs_waiting", 3.0, "jobs"), ("memory_usage", 50.0, "%"),
        ("uptime_seconds", 7.0, "s"),
    ]  # fmt: skip


def test_samples_of_sessions_and_pools_have_views_of_their_own(log_in: Open, houses: tuple[House, House]) -> None:
    red, _ = houses
    at, session, pool = datetime.now(UTC), uuid4(), uuid4()
    sample(red.node, "frames", at, 1.0, session_id=session)
    sample(red.node, "instances", at, 2.0, pool_id=pool)
    reader = log_in("analyst", tenant=red.tenant)

    assert reader("SELECT session_id, metric_type, value, unit FROM session_metrics") == [
        (session, "frames", 1.0, "jobs")
    ]
    assert reader("SELECT pool_id, value FROM metrics WHERE metric_type = 'instances'") == [(pool, 2.0)]
    assert reader("SELECT count(*) FROM metrics WHERE metric_type = 'frames'") == [(0,)]
    assert reader("SELECT pool_id, value FROM metrics WHERE metric_type = 'cpu_usage'") == [(None, 10.0)]
    assert reader("SELECT DISTINCT metric_type FROM node_metrics ORDER BY 1") == [("cpu_usage",), ("queue_length",)]


def test_log_in_of_a_tenant_sees_no_other_and_a_user_none(
    log_in: Open, houses: tuple[House, House], now: datetime
) -> None:
    red, blue = houses
    for one in houses:
        sample(one.node, "frames", now, 1.0, session_id=one.node.pk)
    reader, everybody = log_in("analyst", tenant=red.tenant), log_in("dashboard_readonly")
    uma = log_in("omega_user", user=red.people["USER"])
    for view, whose in (("node_metrics", "node_id"), ("metrics", "node_id"), ("session_metrics", "session_id")):
        look = f"SELECT DISTINCT {whose} FROM {view}"  # noqa: S608
        assert reader(look) == [(red.node.pk,)], view
        assert {found for (found,) in everybody(look)} == {red.node.pk, blue.node.pk}, view
        assert uma(look) == REFUSED, view


def test_function_of_a_reader_is_shown_no_row_of_others(log_in: Open, houses: tuple[House, House]) -> None:
    red, _ = houses
    make.usage(red.node, datetime.now(UTC), cpu_percent=33.0)
    sample(red.node, "jobs_waiting", datetime.now(UTC), 5.0)
    blue = log_in("analyst", tenant=houses[1].tenant)
    # A cast that fails tells the value it failed on, if it is asked before the fence.
    for value in ("33", "5"):
        told = blue(f"SELECT count(*) FROM node_metrics WHERE 1 / (value - {value})::int > 5")  # noqa: S608
        assert told == [(0,)], value


def looks(ask: Ask, statement: str) -> list[tuple[str, str, int]]:
    """Carry a statement out; returns the relations it looked at: name, kind of look, rows found."""
    [([whole],)] = ask(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) {statement}")
    return _looks(whole["Plan"])


def _looks(part: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return the relations a part of a plan looked at."""
    is_look = "Relation Name" in part and part["Actual Loops"] > 0
    here = [(part["Relation Name"], part["Node Type"], part["Actual Rows"])] if is_look else []
    return here + [found for child in part.get("Plans", []) for found in _looks(child)]


def test_newest_value_of_a_node_is_one_look_into_the_days_in_question(
    log_in: Open, houses: tuple[House, House]
) -> None:
    red, _ = houses
    at = datetime.now(UTC)
    minutes = (at - timedelta(minutes=n) for n in range(1, 9000))
    with acting_as("omega_worker"):
        UsageMetric.objects.bulk_create(
            UsageMetric(node=red.node, timestamp=moment, cpu_percent=moment.minute) for moment in minutes
        )
    with acting_as(owner()), connection.cursor() as cursor:
        cursor.execute("ANALYZE usage_metrics")
        cursor.execute(
            "SELECT c.relname FROM usage_metrics u JOIN pg_class c ON c.oid = u.tableoid"
            " GROUP BY 1 HAVING max(u.timestamp) < now() - interval '10 minutes'"
        )
        past = {name for (name,) in cursor.fetchall()}
    reader = log_in("analyst", tenant=red.tenant)
    newest = NEWEST.format(red.node.pk, "cpu_usage")

    assert reader(newest) == [((at - timedelta(minutes=1)).minute,)]
    looked = looks(reader, newest)
    relations = {name for name, *_ in looked}
    samples = [look for look in looked if look[0] not in ("nodes", "metric_series", "usage_metrics")]
    assert len(past) >= 5
    assert not relations & past
    assert sum(found for *_, found in samples) <= 5, "no more rows than the five minutes hold"
    assert {how for _, how, found in samples if found} <= {"Index Scan", "Bitmap Heap Scan"}, looked
    named = [found for name, _, found in looked if name == "metric_series"]
    assert sum(named) == 0, "the other store is asked for the name only"


def test_operator_adds_measurements_that_count_like_those_of_agents(
    log_in: Open, houses: tuple[House, House], now: datetime
) -> None:
    red, _ = houses
    otto = log_in("omega_operator", user=red.people["DEVOPS"])
    node, at = red.node.pk, now.isoformat()
    otto(f"""INSERT INTO node_metrics (time, node_id, metric_type, value, unit) VALUES
        ('{at}', '{node}', 'cpu_usage', 71.5, '%'), ('{at}', '{node}', 'memory_usage', 40, '%'),
        ('{at}', '{node}', 'jobs_waiting', 3, 'jobs')""")  # noqa: S608
    otto(f"INSERT INTO node_metrics (node_id, metric_type, value) VALUES ('{node}', 'jobs_waiting', 4)")  # noqa: S608

    with acting_as("omega_worker"):
        usage = UsageMetric.objects.get(node=node, timestamp=now)
        assert (usage.cpu_percent, usage.ram_percent) == (71.5, 40.0)
        latest = NodeLatest.objects.get(node=node)
        assert (latest.at, latest.cpu_percent, latest.ram_percent, latest.disk_percent) == (now, 71.5, 40.0, None)
        series = MetricSeries.objects.get(node=node, metric_type="jobs_waiting")
        assert (series.unit, series.tenant) == ("jobs", red.tenant)
        assert sorted(MetricSample.objects.filter(series=series).values_list("value", flat=True)) == [3.0, 4.0]
        hour = now.replace(minute=0, second=0)
        assert UsageRollupQueue.objects.filter(node_id=node, bucket=hour).exists()
    events = AuditLog.objects.filter(action="SAMPLES_ADDED_BY_SQL", resource_id=str(node))
    assert {(event.user_id, event.user_role) for event in events} == {(red.people["DEVOPS"].pk, "SQL")}
    assert events.count() == 2, "one for each statement, not for each row"


WRONG = [
    ("now() - interval '8 days', '{red}', 'cpu_usage', 1", "7 days back"),
    ("now() + interval '1 hour', '{red}', 'cpu_usage', 1", "7 days back"),
    ("now(), '{red}', 'cpu_usage', 101", "lies between"),
    ("now(), '{red}', 'cpu_usage', 'NaN'", "finite"),
    ("now(), '{red}', 'jobs', NULL", "finite"),
    ("now(), '{red}', 'two words', 1", "name"),
    ("now(), '{blue}', 'cpu_usage', 1", "no node"),
    ("now(), gen_random_uuid(), 'cpu_usage', 1", "no node"),
]


def test_what_no_agent_may_send_nobody_adds(log_in: Open, houses: tuple[House, House]) -> None:
    red, blue = houses
    otto = log_in("omega_operator", user=red.people["DEVOPS"])
    with acting_as("omega_worker"):
        before = (UsageMetric.objects.count(), MetricSample.objects.count())
    for values, told in WRONG:
        row = values.format(red=red.node.pk, blue=blue.node.pk)
        with pytest.raises(IntegrityViolation, match=told):
            otto(f"INSERT INTO node_metrics (time, node_id, metric_type, value) VALUES ({row})")  # noqa: S608
    with acting_as("omega_worker"):
        assert (UsageMetric.objects.count(), MetricSample.objects.count()) == before


def test_value_that_is_there_is_not_overwritten(log_in: Open, houses: tuple[House, House], now: datetime) -> None:
    red, _ = houses
    otto = log_in("omega_operator", user=red.people["DEVOPS"])
    for name in ("cpu_usage", "jobs_waiting"):
        add = "INSERT INTO node_metrics (time, node_id, metric_type, value) VALUES ('{}', '{}', '{}', {})"
        otto(add.format(now.isoformat(), red.node.pk, name, 1))
        with pytest.raises(UniqueViolation):
            otto(add.format(now.isoformat(), red.node.pk, name, 2))


def test_readers_add_nothing_and_enter_no_fence(log_in: Open, houses: tuple[House, House]) -> None:
    red, _ = houses
    for group in ("analyst", "dashboard_readonly", "omega_readonly"):
        reader = log_in(group, tenant=red.tenant)
        for write in (
            f"INSERT INTO node_metrics (node_id, metric_type, value) VALUES ('{red.node.pk}', 'cpu_usage', 1)",  # noqa: S608
            "SELECT 1 FROM fences.usage_metrics",
            "SELECT 1 FROM fences.samples",
            "SELECT node_metrics_add_vital(NULL, now(), 'cpu_usage', 1)",
        ):
            assert reader(write) == REFUSED, (group, write)
