"""Tables partitioned by time behave alike on every tier."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from apps.core.timescale.base import DatabaseWrapper
from apps.core.timescale.tier import Tier
from apps.metrics.models import UsageMetric
from apps.metrics.services.partitions import partitioned_models
from tests import make
from tests.database import acting_as, aggregates

pytestmark = [pytest.mark.django_db(databases=["default", "owner"]), pytest.mark.data_layer]
SOMEBODY = UUID(int=1)
DAY = timedelta(days=1)
FAR_DAY = datetime(2031, 3, 5, 13, 30, tzinfo=UTC)  # a Wednesday, far from the partitions that migrations made
ENSURE = "SELECT ensure_partitions('public.usage_metrics'::regclass, '1 day', %s, %s)"
DROP = "SELECT drop_partitions('public.usage_metrics'::regclass, %s)"


@pytest.fixture
def owner() -> Iterator[DatabaseWrapper]:
    """The owner's connection; nothing it does is kept."""
    with transaction.atomic(using="owner"):
        yield connections["owner"]  # type: ignore[misc]
        transaction.set_rollback(True, using="owner")


def ask(connection: DatabaseWrapper, statement: str, *values: object) -> object:
    """Return the one value a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def usage_at(owner: DatabaseWrapper, *times: datetime) -> None:
    """Store samples at these times, as nobody in particular."""
    with owner.cursor() as cursor:
        for at in times:
            cursor.execute(
                "INSERT INTO usage_metrics (node_id, timestamp) VALUES ('00000000-0000-0000-0000-000000000001', %s)",
                [at],
            )


def parts(owner: DatabaseWrapper) -> dict[str, int]:
    """Return the partitions or chunks that hold samples of the test's year, with how many."""
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text, count(*) FROM usage_metrics WHERE timestamp >= %s GROUP BY 1 ORDER BY 1",
            [FAR_DAY - 30 * DAY],
        )
        return dict(cursor.fetchall())


def test_tier_is_what_the_server_says(owner: DatabaseWrapper) -> None:
    extension = ask(owner, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
    licence = ask(owner, "SELECT coalesce(current_setting('timescaledb.license', true), '')")

    expected = {(0, ""): Tier.POSTGRESQL, (1, "apache"): Tier.APACHE, (1, "timescale"): Tier.TIMESCALE}
    assert owner.tier == expected[extension, licence]  # type: ignore[index]


def test_every_time_series_is_partitioned_and_nothing_else_is(owner: DatabaseWrapper) -> None:
    partitioned = {model._meta.db_table for model, _ in partitioned_models()} - aggregates()
    hyper = {table for table in partitioned if ask(owner, "SELECT is_hypertable(%s::regclass)", table)}
    native = {
        table
        for table in partitioned
        if ask(owner, "SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", table)
    }

    assert {"usage_metrics", "metric_samples", "process_snapshots"} < partitioned
    assert (hyper, native) == ((partitioned, set()) if owner.tier.has_hypertables else (set(), partitioned))
    assert ask(owner, "SELECT is_hypertable('nodes'::regclass)") is False


def test_every_partitioned_table_has_a_primary_key_with_the_time_in_it(owner: DatabaseWrapper) -> None:
    for model, field in partitioned_models():
        if model._meta.db_table in aggregates():
            continue
        columns = ask(
            owner,
            "SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary",
            model._meta.db_table,
        )
        assert isinstance(columns, list)
        assert field.column in columns


def test_same_sample_sent_twice_is_stored_once(now: datetime) -> None:
    node = make.node()
    with acting_as("omega_worker"):
        for cpu in (1.0, 2.0):
            again = UsageMetric(node=node, timestamp=now, cpu_percent=cpu)
            UsageMetric.objects.bulk_create([again], ignore_conflicts=True)

    assert list(UsageMetric.objects.filter(node=node).values_list("cpu_percent", flat=True)) == [1.0]


def test_rows_that_came_before_their_partition_move_into_it(owner: DatabaseWrapper) -> None:
    usage_at(owner, FAR_DAY, FAR_DAY + DAY)
    before = parts(owner)
    made = [ensure(owner, FAR_DAY, FAR_DAY + timedelta(seconds=1)) for _ in range(2)]

    if owner.tier.has_hypertables:
        assert (made, parts(owner)) == ([0, 0], before)
    else:
        assert before == {"usage_metrics_default": 2}
        assert (made, parts(owner)) == ([1, 0], {"usage_metrics_default": 1, "usage_metrics_p20310305": 1})
    assert sum(parts(owner).values()) == 2


def test_sample_on_a_boundary_belongs_to_the_day_that_begins(owner: DatabaseWrapper) -> None:
    midnight = FAR_DAY.replace(hour=0, minute=0)
    ensure(owner, midnight - DAY, midnight + DAY)
    usage_at(owner, midnight - timedelta(microseconds=1), midnight, midnight + DAY - timedelta(microseconds=1))

    assert list(parts(owner).values()) == [1, 2]


def test_only_what_lies_wholly_past_is_dropped(owner: DatabaseWrapper) -> None:
    midnight = FAR_DAY.replace(hour=0, minute=0)
    drop(owner, midnight - timedelta(days=30))
    ensure(owner, midnight - DAY, midnight + 2 * DAY)
    usage_at(owner, midnight - timedelta(microseconds=1), midnight, FAR_DAY, midnight + DAY)

    outcomes = []
    for cutoff in (midnight - timedelta(microseconds=1), midnight, FAR_DAY, midnight + DAY):
        dropped = drop(owner, cutoff)
        outcomes.append((dropped, sum(parts(owner).values())))

    assert outcomes == [(0, 4), (1, 3), (0, 3), (1, 1)]


def test_rows_that_never_got_a_partition_expire_one_by_one(owner: DatabaseWrapper) -> None:
    usage_at(owner, FAR_DAY, FAR_DAY + 30 * DAY)
    drop(owner, FAR_DAY + 10 * DAY)

    assert list(parts(owner).values()) == [1]


def test_audit_entries_that_came_before_their_partition_move_into_it(owner: DatabaseWrapper) -> None:
    with owner.cursor() as cursor:
        cursor.execute("INSERT INTO audit_logs (timestamp, action, category) VALUES (%s, 'LATE', 'SYSTEM')", [FAR_DAY])
        cursor.execute(
            "SELECT ensure_partitions('public.audit_logs'::regclass, '30 days', %s, %s)", [FAR_DAY, FAR_DAY + DAY]
        )
        cursor.execute("SELECT count(*) FROM audit_logs WHERE action = 'LATE'")
        assert cursor.fetchone() == (1,)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(using="owner"):
            cursor.execute("DELETE FROM audit_logs WHERE action = 'LATE'")


@pytest.mark.parametrize("table", ["audit_logs", "node_latest", "nodes"])
def test_nobody_can_drop_what_is_kept(table: str, now: datetime) -> None:
    statement = f"SELECT drop_partitions('public.{table}'::regclass, %s)"
    with (
        pytest.raises(ProgrammingError, match="is kept"),
        acting_as("omega_worker"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [now])


@pytest.mark.parametrize("statement", [ENSURE, DROP])
def test_only_the_worker_may_make_and_drop_partitions(statement: str, now: datetime) -> None:
    values = [now, now] if statement == ENSURE else [now - timedelta(days=3650)]
    for role in ("omega_portal", "data_collector"):
        with pytest.raises(ProgrammingError, match="permission denied"), acting_as(role), connection.cursor() as cursor:
            cursor.execute(statement, values)
    with acting_as("omega_worker"), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.fetchone() == (0,)


def ensure(owner: DatabaseWrapper, since: datetime, until: datetime) -> object:
    """Make the partitions of usage that cover a span; returns how many."""
    return ask(owner, ENSURE, since, until)


def drop(owner: DatabaseWrapper, cutoff: datetime) -> object:
    """Drop the partitions of usage before a time; returns how many."""
    return ask(owner, DROP, cutoff)
