"""People's own log-ins at the database: each sees what its name stands for, and cannot talk its way to more."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.accounts.models import DatabaseLogin, Quota, Tenant
from apps.accounts.services.database_logins import close_database_login, open_database_login
from apps.audit.models import AuditLog
from apps.core.errors import Conflict, Invalid, NotFound
from apps.nodes.models import Node
from tests.roles import serving_as
from tests.rows.two_tenants import House, house

Ask = Callable[[str], list[tuple[Any, ...]]]
Open = Callable[..., Ask]


@pytest.fixture
def houses(committed: None) -> tuple[House, House]:
    """Two tenants, for others to see."""
    return house("red"), house("blue")


@pytest.fixture
def log_in(houses: tuple[House, House]) -> Iterator[Open]:
    """Return what opens a log-in, logs in with it, and asks; all are closed afterwards."""
    opened: list[tuple[str, psycopg.Connection[Any]]] = []

    def open_one(group: str, **scope: Any) -> Ask:
        name = f"t_{uuid4().hex[:12]}"
        with serving_as("omega_worker"):
            password = open_database_login(name=name, group=group, **{"user": None, "tenant": None, **scope})
        session = connect(name, password)
        opened.append((name, session))
        return lambda statement: ask(session, statement)

    yield open_one
    for name, session in opened:
        session.close()
        with serving_as("omega_worker"):
            close_database_login(name=name)


def connect(name: str, password: str) -> "psycopg.Connection[Any]":
    """Log in at the tests' database."""
    there = connections["owner"].settings_dict
    return psycopg.connect(
        host=there["HOST"], port=there["PORT"], dbname=there["NAME"], user=name, password=password, autocommit=True
    )


def ask(session: "psycopg.Connection[Any]", statement: str) -> list[tuple[Any, ...]]:
    """Return what a statement answers, or [("refused",)]."""
    try:
        cursor = session.execute(statement)  # type: ignore[call-overload]
    except psycopg.errors.InsufficientPrivilege:
        return [("refused",)]
    return cursor.fetchall() if cursor.description else []


REFUSED = [("refused",)]
OF_GROUP = {"omega_user": "USER", "analyst": "ANALYST", "omega_operator": "DEVOPS", "omega_admin": "ADMIN"}


def test_user_sees_own_rows_only(log_in: Open, houses: tuple[House, House]) -> None:
    red, _ = houses
    uma = log_in("omega_user", user=red.people["USER"])

    assert uma("SELECT email FROM users") == [("user@red.example.test",)]
    for own in ("web_sessions", "api_tokens", "quota_requests", "quotas"):
        assert uma(f"SELECT count(*) FROM {own}") == [(1,)], own  # noqa: S608
    assert uma("SELECT hostname FROM nodes") == [("red-1",)]
    for closed in ("tenants", "usage_metrics", "node_api_keys", "invitations", "node_lifecycle_logs"):
        assert uma(f"SELECT 1 FROM {closed}") == REFUSED, closed  # noqa: S608
    assert uma("SELECT password FROM public.users") == REFUSED


@pytest.mark.parametrize("group", ["omega_readonly", "dashboard_readonly", "analyst"])
def test_reader_of_a_tenant_reads_every_view_of_it_and_writes_nothing(
    group: str, log_in: Open, houses: tuple[House, House]
) -> None:
    red, _ = houses
    reader = log_in(group, tenant=red.tenant)
    views = [name for (name,) in reader("SELECT viewname FROM pg_views WHERE schemaname = 'readable' ORDER BY 1")]

    assert {"user_sessions", "users", "usage_metrics", "quotas"} <= set(views)
    assert [view for view in views if reader(f"SELECT 1 FROM {view} LIMIT 1") == REFUSED] == []  # noqa: S608
    assert reader("SELECT hostname FROM nodes") == [("red-1",)]
    assert reader("SELECT count(DISTINCT node_id) FROM usage_metrics") == [(1,)]
    assert reader("SELECT count(*) FROM users") == [(5,)]
    for write in (
        "UPDATE nodes SET region = 'x'",
        "DELETE FROM usage_metrics",
        "INSERT INTO tenants (slug, name) VALUES ('x', 'x')",
        "CREATE TABLE mine ()",
        "SELECT 1 FROM public.node_resources",
        "INSERT INTO nodes (hostname) VALUES ('mine')",
        "SELECT 1 FROM public.usage_metrics",
        "SELECT lookups.user_by_email('user@red.example.test')",
    ):
        assert reader(write) == REFUSED, write


def test_log_in_of_all_tenants_sees_all(log_in: Open) -> None:
    grafana = log_in("dashboard_readonly")

    assert grafana("SELECT hostname FROM nodes ORDER BY 1") == [("blue-1",), ("red-1",)]
    assert grafana("SELECT count(*) FROM usage_metrics") == [(2,)]


@pytest.mark.parametrize("group", ["omega_user", "analyst", "omega_admin"])
def test_nobody_talks_their_way_to_more(group: str, log_in: Open, houses: tuple[House, House]) -> None:
    red, _ = houses
    person = log_in(group, user=red.people[OF_GROUP[group]])
    person("SELECT set_config('omega.tenant_ids', 'all', false), set_config('omega.role', 'SYSTEM', false)")
    person(f"SELECT set_config('omega.user_id', '{red.people['ADMIN'].pk}', false)")

    assert person("SELECT hostname FROM nodes") == [("red-1",)]
    assert "admin@blue.example.test" not in str(person("SELECT email FROM users"))
    for climb in ("omega_portal", "omega_worker", "omega_owner", "omega_auth", group):
        assert person(f"SET ROLE {climb}") == REFUSED, climb
    assert person("SET SESSION AUTHORIZATION omega_portal") == REFUSED
    assert person("UPDATE public.database_logins SET all_tenants = true, tenant_id = NULL") == REFUSED


def test_role_that_no_row_speaks_for_sees_nothing(log_in: Open, houses: tuple[House, House]) -> None:
    reader = log_in("analyst")
    with serving_as("omega_worker"):
        DatabaseLogin.objects.all().delete()
        assert reader("SELECT count(*) FROM nodes") == [(0,)]
        assert reader("SELECT count(*) FROM usage_metrics") == [(0,)]
        name = reader("SELECT session_user")[0][0]
        DatabaseLogin.objects.create(role_name=name, all_tenants=True)


def test_collector_does_its_row_of_the_table_under_the_policies(houses: tuple[House, House]) -> None:
    red, blue = houses
    with serving_as("data_collector"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM nodes")
        assert cursor.fetchone() == (2,)
        cursor.execute("UPDATE nodes SET reported_status = 'ok' WHERE node_id = %s", [red.node.pk])
        assert cursor.rowcount == 1
        cursor.execute("UPDATE node_latest SET cpu_percent = 5 WHERE node_id = %s", [blue.node.pk])
        assert cursor.rowcount == 1


def test_command_opens_and_closes_a_log_in(houses: tuple[House, House], tmp_path: Path) -> None:
    name, file = f"t_{uuid4().hex[:12]}", tmp_path / "password"
    with serving_as("omega_worker"):
        call_command("database_login", name, group="analyst", tenant="red", password_file=file)
        session = connect(name, file.read_text().strip())
        assert ask(session, "SELECT hostname FROM nodes") == [("red-1",)]
        assert file.stat().st_mode & 0o077 == 0
        session.close()
        call_command("database_login", name, close=True)
        with pytest.raises(NotFound):
            close_database_login(name=name)
        with pytest.raises(CommandError, match="no tenant"):
            call_command("database_login", name, group="analyst", tenant="nowhere", password_file=file)
    with pytest.raises(psycopg.OperationalError):
        connect(name, file.read_text().strip())


@pytest.mark.parametrize(
    ("name", "group", "field"),
    [("omega_evil", "analyst", "name"), ("x", "analyst", "name"), ("a;b c", "analyst", "name"),
     ("pg_read_all", "analyst", "name"), ("analyst", "analyst", "name"), ("fine_name", "omega_portal", "group"),
     ("fine_name", "omega_user", "user")],
)  # fmt: skip
def test_wrong_names_and_groups_are_refused_by_field(committed: None, name: str, group: str, field: str) -> None:
    with serving_as("omega_worker"), pytest.raises(Invalid) as refusal:
        open_database_login(name=name, group=group, user=None, tenant=None)
    assert refusal.value.field == field


def test_name_that_is_a_role_already_is_a_conflict_and_leaves_no_row(committed: None) -> None:
    with serving_as("omega_worker"):
        with pytest.raises(Conflict):
            open_database_login(name="data_collector", group="analyst", user=None, tenant=None)
        assert not DatabaseLogin.objects.exists()


def test_operator_corrects_descriptions_of_the_tenant_and_decides_nothing(
    log_in: Open, houses: tuple[House, House]
) -> None:
    red, blue = houses
    otto = log_in("omega_operator", user=red.people["DEVOPS"])
    otto("SELECT set_config('omega.user_email', 'admin@red.example.test', false)")
    otto("UPDATE nodes SET region = 'cellar'")

    assert Node.objects.get(pk=red.node.pk).region == "cellar"
    assert Node.objects.get(pk=blue.node.pk).region == ""
    entry = AuditLog.objects.get(action="NODE_UPDATED", resource_id=str(red.node.pk))
    assert (entry.user_id, entry.user_role) == (red.people["DEVOPS"].pk, "SQL")
    assert entry.user_email.startswith("t_")
    for decision in (
        "UPDATE nodes SET status = 'retired'",
        "UPDATE nodes SET tenant_id = tenant_id",
        "UPDATE quotas SET cpu_cores = 1000",
        "DELETE FROM nodes",
        "INSERT INTO node_commands (node_id, command) SELECT node_id, 'ping' FROM nodes",
    ):
        assert otto(decision) == REFUSED, decision


def test_operator_registers_machines_of_the_tenant_as_far_as_there_is_room(
    log_in: Open, houses: tuple[House, House]
) -> None:
    red, blue = houses
    otto = log_in("omega_operator", user=red.people["DEVOPS"])
    [(added,)] = otto("INSERT INTO nodes (hostname) VALUES ('red-2') RETURNING node_id")

    found = Node.objects.get(pk=added)
    assert (found.tenant, found.status) == (red.tenant, "pending")
    assert AuditLog.objects.get(action="NODE_CREATED", resource_id=str(added)).user_role == "SQL"
    elsewhere = f"INSERT INTO nodes (hostname, tenant_id) VALUES ('x', '{blue.tenant.pk}')"  # noqa: S608
    assert otto(elsewhere) == REFUSED
    assert otto("INSERT INTO nodes (hostname, status) VALUES ('x', 'active')") == REFUSED
    with serving_as("omega_worker"):
        Tenant.objects.filter(pk=red.tenant.pk).update(node_limit=2)
    with pytest.raises(psycopg.errors.CheckViolation, match="all the 2 nodes"):
        otto("INSERT INTO nodes (hostname) VALUES ('red-3')")


def test_admin_corrects_quotas_of_the_tenant_and_no_people(log_in: Open, houses: tuple[House, House]) -> None:
    red, blue = houses
    ada = log_in("omega_admin", user=red.people["ADMIN"])
    ada("UPDATE quotas SET cpu_cores = 99")

    assert set(Quota.objects.filter(user__tenant=red.tenant).values_list("cpu_cores", flat=True)) == {99.0}
    assert set(Quota.objects.filter(user__tenant=blue.tenant).values_list("cpu_cores", flat=True)) == {8.0}
    for change in ("UPDATE users SET role = 'ADMIN'", "UPDATE users SET is_superuser = true", "DELETE FROM quotas"):
        assert ada(change) == REFUSED, change
