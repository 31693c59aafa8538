"""What each database role may do, shown by logging in as it; the whole table of rights is kept as text."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.core.sql import fetch_all
from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, UsageMetric
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as, aggregates
from tests.golden import assert_golden
from tests.roles import serving_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
SERVING = ["omega_portal", "omega_worker", "data_collector"]
READING = ["omega_admin", "omega_operator", "omega_user", "analyst", "omega_readonly", "dashboard_readonly"]
TIME_SERIES = ["usage_metrics", "usage_hourly", "metric_samples", "process_snapshots", "node_heartbeats"]


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement as whoever is acting."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def is_refused(statement: str) -> bool:
    """Tell whether the acting role lacks the right to a statement."""
    try:
        with transaction.atomic():
            run(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error)
    return False


def test_rights_of_every_role_on_every_table_are_as_written_down() -> None:
    rows = fetch_all(__file__, "rights.sql", {"roles": [*SERVING, *READING]})

    golden, found = Path(__file__).parent / "database_rights.txt", [row["line"] for row in rows]
    if not aggregates():
        assert_golden(golden, found)
        return
    theirs = tuple(f"public.{name} " for name in aggregates())
    written = [line for line in golden.read_text().splitlines() if line and not line.startswith(theirs)]
    assert [line for line in found if not line.startswith(theirs)] == written
    assert {line for line in found if line.startswith(theirs)} <= {f"{name}omega_worker: SELECT" for name in theirs}


def test_no_serving_role_owns_anything_or_stands_above_the_rules() -> None:
    above = run("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) AND (rolsuper OR rolbypassrls)", SERVING)
    owning = run("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = ANY (%s)", SERVING)
    belonging = run("SELECT roleid FROM pg_auth_members WHERE member::regrole::text = ANY (%s)", SERVING)
    creating = run(
        "SELECT rolname, nspname FROM pg_roles, pg_namespace"
        " WHERE nspname IN ('public', 'readable', 'series', 'lookups') AND rolname = ANY (%s)"
        " AND has_schema_privilege(rolname, nspname, 'CREATE')",
        SERVING,
    )

    assert (above, owning, belonging, creating) == ([], [], [], [])


@pytest.mark.parametrize(
    ("role", "path"),
    [("omega_portal", "series, public"), ("omega_worker", '"$user", public'), ("data_collector", '"$user", public')],
)
def test_each_process_logs_in_as_itself_and_finds_its_own_door_to_the_tables(role: str, path: str) -> None:
    with serving_as(role):
        assert run("SELECT current_user, session_user, current_setting('search_path')") == [(role, role, path)]


def test_portal_that_logs_in_reads_time_series_through_the_guarded_views_only() -> None:
    with serving_as("omega_portal"):
        shown = run(
            "SELECT c.relnamespace::regnamespace::text, c.relkind FROM pg_class c WHERE oid = 'usage_metrics'::regclass"
        )

        assert shown == [("series", "v")]
        assert UsageMetric.objects.count() == 0
        assert is_refused("SELECT 1 FROM public.usage_metrics")


@pytest.mark.parametrize(
    "table", ["usage_metrics", "usage_hourly", "metric_samples", "process_snapshots", "node_heartbeats"]
)
def test_portal_reads_no_partition_past_its_view(table: str, now: datetime) -> None:
    node = make.node()
    make.usage(node, now)
    parts = run(
        f"SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'public.{table}'::regclass"  # noqa: S608
    )

    with acting_as("omega_portal"):
        assert is_refused(f"SELECT 1 FROM public.{table}")  # noqa: S608
        assert [is_refused(f"SELECT 1 FROM {part}") for (part,) in parts] == [True] * len(parts)  # noqa: S608
        if table not in aggregates():
            assert is_refused(f"INSERT INTO {table} SELECT * FROM {table}")  # noqa: S608
        assert UsageMetric.objects.get(node=node).timestamp == now
    assert parts or table != "usage_metrics"


COLLECTOR_MAY: dict[str, Callable[[Node, datetime], object]] = {
    "read nodes": lambda node, now: Node.objects.get(pk=node.pk),
    "write contact": lambda node, now: Node.objects.filter(pk=node.pk).update(last_heartbeat=now, reported_status="ok"),
    "add samples": lambda node, now: UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=now)]),
    "add heartbeats": lambda node, now: (
        not is_refused(
            f"INSERT INTO node_heartbeats (node_id, timestamp, status) VALUES ('{node.pk}', now(), 'ok')"  # noqa: S608
        )
    ),
    "add series": lambda node, now: MetricSeries.objects.create(tenant=node.tenant, node=node, metric_type="x"),
    "write newest vitals": lambda node, now: NodeLatest.objects.create(node=node, at=now, received_at=now),
}


@pytest.mark.parametrize("deed", COLLECTOR_MAY)
def test_collector_may_write_down_what_machines_tell(deed: str, now: datetime) -> None:
    node = make.node()
    with acting_as("data_collector"):
        assert COLLECTOR_MAY[deed](node, now)


COLLECTOR_MAY_NOT = [
    "UPDATE nodes SET status = 'active'",
    "UPDATE nodes SET hostname = 'mine'",
    "UPDATE node_api_keys SET revoked_at = NULL",
    "INSERT INTO node_api_keys SELECT * FROM node_api_keys",
    "DELETE FROM nodes",
    "SELECT 1 FROM users",
    "SELECT 1 FROM django_session",
    "SELECT 1 FROM enrollment_tokens",
    "SELECT 1 FROM usage_metrics",
    "SELECT 1 FROM metric_samples",
    "SELECT 1 FROM audit_logs",
    "DELETE FROM usage_metrics",
    "UPDATE metric_series SET tenant_id = NULL",
    "INSERT INTO node_lifecycle_logs SELECT * FROM node_lifecycle_logs",
]


@pytest.mark.parametrize("statement", COLLECTOR_MAY_NOT)
def test_collector_decides_nothing_and_reads_nobody(statement: str) -> None:
    with acting_as("data_collector"):
        assert is_refused(statement)


def test_worker_reads_and_writes_time_series_themselves(now: datetime) -> None:
    node = make.node()
    series = MetricSeries(tenant=node.tenant, node=node, metric_type="x")
    with acting_as("omega_worker"):
        series.save()
        MetricSample.objects.bulk_create([MetricSample(series=series, time=now, value=1.0)])
        assert MetricSample.objects.filter(series=series).delete()[0] == 1
        assert Node.objects.filter(pk=node.pk).update(status="offline") == 1


@pytest.mark.parametrize("role", SERVING)
def test_no_serving_role_can_become_another_or_lift_its_limits(role: str) -> None:
    with serving_as(role):
        assert is_refused("SET ROLE omega_owner")
        assert is_refused("SET session_replication_role = replica")
        assert is_refused(f"ALTER ROLE {role} SUPERUSER")
        assert is_refused("CREATE TABLE public.mine ()")
