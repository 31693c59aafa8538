"""The statements people already have, run as they would run them: each in a log-in of its role, on generated data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor

from apps.accounts.services.database_logins import close_database_login, open_database_login
from apps.metrics.models import UsageMetric
from apps.metrics.services import roll_up
from apps.nodes.models import Node, NodeResource
from apps.sessions.models import UserSession
from tests.metrics.conftest import store_samples
from tests.roles import serving_as
from tests.rows.test_peoples_log_ins import OF_GROUP, connect
from tests.rows.two_tenants import House, house

pytestmark = pytest.mark.data_layer
FOLDER = Path(__file__).parents[1] / "seed_sql"
STATEMENTS = {path.stem: path.read_text(encoding="utf8") for path in sorted(FOLDER.glob("*.sql"))}
# Upkeep says nothing of rows.
WITHOUT_ROWS = ("REINDEX", "ANALYZE")
Anybody = Cursor[tuple[object, ...]] | CursorWrapper


@contextmanager
def asking_as(role: str, one: House) -> Iterator[Anybody]:
    """Ask in a log-in of a role: a process's, the owner's, or that of a person of the house."""
    if role == "omega_owner":
        with connections["owner"].cursor() as cursor:
            yield cursor
    elif role == "omega_worker":
        with serving_as(role) as wrapper, wrapper.cursor() as cursor:
            yield cursor
    else:
        name = f"t_{uuid4().hex[:12]}"
        with serving_as("omega_worker"):
            password = open_database_login(name=name, group=role, user=one.people[OF_GROUP[role]], tenant=None)
        with connect(name, password) as session, session.cursor() as asked:
            yield asked
        with serving_as("omega_worker"):
            close_database_login(name=name)


@pytest.fixture
def lived_in(committed: None) -> House:
    """A tenant whose machine has measured for two hours and is used."""
    one, now = house("red"), datetime.now(UTC)
    NodeResource.objects.filter(node=one.node).delete()
    for kind, capacity in (("cpu", 8), ("memory", 32)):
        NodeResource.objects.create(node=one.node, resource_type=kind, capacity=capacity, unit="")
    Node.objects.filter(pk=one.node.pk).update(last_heartbeat=now)
    UserSession.objects.create(node=one.node, username="uma", login_time=now - timedelta(hours=1))
    with serving_as("omega_worker"):
        minutes = (now - timedelta(minutes=n) for n in range(120))
        store_samples(one.node, {at: {"cpu_percent": 60.0 + at.minute / 2, "ram_percent": 40.0} for at in minutes})
        roll_up()
    return one


def parts(text: str, one: House) -> tuple[str, list[str]]:
    """Return the role named in the first line, and the statements with the machine's id put in."""
    first, _, rest = text.partition("\n")
    assert first.startswith("-- as: "), first
    filled = rest.replace("{node_id}", str(one.node.pk))
    return first.removeprefix("-- as: "), [part.strip() for part in filled.split(";") if part.strip()]


def test_every_statement_runs_as_its_role_and_finds_or_changes_rows(lived_in: House) -> None:
    assert len(STATEMENTS) > 10
    for name, text in STATEMENTS.items():
        role, statements = parts(text, lived_in)
        with asking_as(role, lived_in) as cursor:
            for statement in statements:
                cursor.execute(statement)  # type: ignore[arg-type]
                assert cursor.rowcount > 0 or statement.startswith(WITHOUT_ROWS), name


def test_utilisation_of_the_cluster_is_what_the_machine_measured_last(lived_in: House) -> None:
    role, [statement] = parts(STATEMENTS["cluster_utilization"], lived_in)
    with serving_as("omega_worker"):
        newest = UsageMetric.objects.filter(node=lived_in.node).latest("timestamp")
    with asking_as(role, lived_in) as cursor:
        cursor.execute(statement)  # type: ignore[arg-type]
        assert cursor.fetchone() == (1, 1, newest.cpu_percent, 40.0)


def test_hourly_statistics_by_name_are_those_of_the_statement_they_stem_from(lived_in: House) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    found = []
    for name in ("hourly_performance_stats", "hourly_performance_stats_by_name"):
        role, [statement] = parts(STATEMENTS[name], lived_in)
        with asking_as(role, lived_in) as cursor:
            cursor.execute(statement)  # type: ignore[arg-type]
            found.append({row[0]: row[1:] for row in cursor.fetchall()}[hour])

    assert found[0][0] == found[1][0] == lived_in.node.pk
    assert found[0][1:] == pytest.approx(found[1][1:], abs=0.01)
