"""What only the Timescale-licensed server does: continuous aggregates, policies, compressed chunks that change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import UsageDaily, UsageHourly, UsageMetric, UsageRollupQueue
from apps.metrics.selectors.retention_policy import Kept
from apps.metrics.services import apply_retention, queue_hours, refresh, roll_up
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as
from tests.processes import wait_for
from tests.roles import serving_as
from tests.rows.asking import rows

pytestmark = pytest.mark.data_layer
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG_AGO = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def licensed(django_db_setup: None, django_db_blocker: Any) -> None:
    """Leave these tests out, saying so, where the server is another."""
    with django_db_blocker.unblock():
        if tier_of() is not Tier.TIMESCALE:
            pytest.skip("needs the Timescale-licensed server: give one by DATABASE_URL")


@pytest.fixture
def node(committed: None, licensed: None) -> Iterator[Node]:
    """A node whose samples other connections see."""
    with serving_as("omega_portal"):
        made = make.node()
    with serving_as("omega_worker"):
        yield made


def put(node: Node, at: datetime, cpu: float) -> None:
    """Write one sample."""
    UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at, cpu_percent=cpu)])


def owner(statement: str, *values: object) -> list[Any]:
    """Do something as the owner, outside any transaction."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def maxima(node: Node) -> list[float | None]:
    """Return the greatest CPU value of every hour as readers see it."""
    return list(UsageHourly.objects.filter(node=node).order_by("bucket").values_list("cpu_percent_max", flat=True))


POLICIES = (
    "SELECT j.proc_name, coalesce(c.view_name, j.hypertable_name) AS name,"
    " extract(day FROM coalesce(j.config ->> 'drop_after', j.config ->> 'compress_after')::interval)::integer"
    " FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.continuous_aggregates c"
    " ON c.materialization_hypertable_name = j.hypertable_name WHERE j.hypertable_name IS NOT NULL"
)


@pytest.mark.django_db
def test_roll_ups_are_real_time_aggregates_with_policies() -> None:
    names = ("usage_hourly", "usage_daily", "usage_sketches_wide", "metric_hourly")
    found = dict(
        rows("SELECT view_name, materialized_only FROM timescaledb_information.continuous_aggregates ORDER BY 1")
    )

    assert found == dict.fromkeys(names, False)
    policies = {(kind, name) for kind, name, _ in rows(POLICIES)}
    assert {("policy_refresh_continuous_aggregate", name) for name in names} <= policies
    assert {("policy_retention", name) for name in (*names, "usage_metrics", "metric_samples")} <= policies
    assert {("policy_compression", name) for name in ("usage_metrics", "metric_samples")} <= policies


def test_newest_samples_show_at_once_and_the_job_has_nothing_to_do(node: Node, now: datetime) -> None:
    put(node, now, 10.0)

    assert (roll_up(), maxima(node)) == (0, [10.0])


def test_what_was_changed_long_ago_is_refreshed_by_the_servers_own_job(node: Node, now: datetime) -> None:
    put(node, LONG_AGO, 10.0)
    owner("CALL refresh_continuous_aggregate('usage_hourly', NULL, NULL)")
    put(node, LONG_AGO + timedelta(minutes=5), 90.0)
    before = maxima(node)
    refresh(node_ids=[node.pk], start=LONG_AGO, end=LONG_AGO + HOUR, now=now)
    marked = UsageRollupQueue.objects.count()
    owner("CALL refresh_rollups()")

    assert (before, marked) == ([10.0], 1)
    assert (maxima(node), UsageRollupQueue.objects.count()) == ([90.0], 0)


RUN_NOW = """SELECT alter_job(job_id, next_start => now()) FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_refresh_continuous_aggregate'"""
THROUGH = """SELECT count(*) FROM timescaledb_information.job_stats JOIN timescaledb_information.jobs USING (job_id)
    WHERE proc_name = 'policy_refresh_continuous_aggregate' AND last_run_started_at > %s
      AND last_run_status = 'Success'"""


def run_policies() -> None:
    """Let the server's scheduler run every refresh policy, as it does once an hour, and wait until all are through."""
    begun = datetime.now(UTC)
    owner(RUN_NOW)
    wait_for(lambda: owner(THROUGH, begun) == [(4,)])


def test_late_sample_is_in_its_day_when_its_mark_is_gone(node: Node, now: datetime) -> None:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) - 3 * DAY
    put(node, day + 5 * HOUR, 10.0)
    for name in ("usage_hourly", "usage_sketches_wide", "metric_hourly", "usage_daily"):
        owner(f"CALL refresh_continuous_aggregate('{name}', NULL, %s)", day + 2 * DAY)
    put(node, day + 5 * HOUR + timedelta(minutes=1), 99.0)
    queue_hours([(node.pk, day + 5 * HOUR)], now=datetime.now(UTC) - timedelta(minutes=6))
    run_policies()
    owner("CALL refresh_rollups()")

    assert not UsageRollupQueue.objects.exists()
    assert list(UsageDaily.objects.filter(node=node).values_list("cpu_percent_max", flat=True)) == [99.0]


def test_hour_still_open_is_not_frozen_and_keeps_its_mark(node: Node) -> None:
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    put(node, hour, 10.0)
    queue_hours([(node.pk, hour)], now=now)
    refresh(node_ids=[node.pk], start=hour, end=hour + HOUR, now=now)
    run_policies()
    owner("CALL refresh_rollups()")
    put(node, hour + timedelta(minutes=59), 77.0)

    assert (maxima(node), UsageRollupQueue.objects.count()) == ([77.0], 1)


def test_roll_ups_outlive_their_samples_also_when_they_are_marked(node: Node, now: datetime) -> None:
    put(node, LONG_AGO, 10.0)
    put(node, LONG_AGO + 2 * DAY, 20.0)
    for name in ("usage_hourly", "usage_daily"):
        owner(f"CALL refresh_continuous_aggregate('{name}', NULL, %s)", LONG_AGO + 4 * DAY)
    owner("SELECT drop_chunks('usage_metrics', older_than => %s)", LONG_AGO + DAY)
    refresh(node_ids=[node.pk], start=LONG_AGO - HOUR, end=LONG_AGO + 2 * DAY + HOUR, now=now)
    owner("CALL refresh_rollups()")

    assert (maxima(node), UsageRollupQueue.objects.count()) == ([10.0, 20.0], 0)


def test_compressed_chunk_takes_late_samples_and_corrections(node: Node, now: datetime) -> None:
    put(node, LONG_AGO, 10.0)
    put(node, LONG_AGO + timedelta(minutes=1), 700.0)
    owner("SELECT compress_chunk(chunk) FROM show_chunks('usage_metrics') AS chunk")
    put(node, LONG_AGO + timedelta(minutes=2), 20.0)
    corrected = UsageMetric.objects.filter(node=node, cpu_percent__gt=100).update(cpu_percent=None)
    UsageMetric.objects.bulk_create(
        [UsageMetric(node=node, timestamp=LONG_AGO, cpu_percent=99.0)], ignore_conflicts=True
    )
    refresh(node_ids=None, start=LONG_AGO, end=LONG_AGO + HOUR, now=now)
    owner("CALL refresh_rollups()")
    row = UsageHourly.objects.get(node=node)

    assert (corrected, row.sample_count, row.cpu_percent_count, row.cpu_percent_max) == (1, 3, 2, 20.0)


def test_column_can_be_added_to_a_table_with_compressed_chunks(node: Node) -> None:
    put(node, LONG_AGO, 10.0)
    owner("SELECT compress_chunk(chunk) FROM show_chunks('usage_metrics') AS chunk")
    owner("ALTER TABLE usage_metrics ADD COLUMN fan_rpm real")
    try:
        owner("INSERT INTO usage_metrics (node_id, timestamp, fan_rpm) VALUES (%s, %s, 900)", node.pk, LONG_AGO + HOUR)
        found = owner("SELECT cpu_percent, fan_rpm FROM usage_metrics ORDER BY timestamp")
    finally:
        owner("ALTER TABLE usage_metrics DROP COLUMN fan_rpm")

    assert found == [(10.0, None), (None, 900.0)]


@pytest.mark.django_db
def test_retention_follows_what_the_worker_says() -> None:
    kept = [Kept("usage_metrics", 100, None), Kept("usage_hourly", 400), Kept("metric_samples", 50, 9)]
    with acting_as("omega_worker"):
        apply_retention(kept)
        apply_retention(kept)
    told = {each.table_name for each in kept}
    found = sorted((kind, name, days) for kind, name, days in rows(POLICIES) if name in told and days)

    assert found == [
        ("policy_compression", "metric_samples", 9),
        ("policy_retention", "metric_samples", 50),
        ("policy_retention", "usage_hourly", 400),
        ("policy_retention", "usage_metrics", 100),
    ]
