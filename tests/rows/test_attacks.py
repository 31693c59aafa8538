"""Ways to run one's own words with the rights of the owner, or to write by somebody else's name: all shut."""

import psycopg
import pytest
from django.db import ProgrammingError

from apps.accounts.models import User
from apps.accounts.services.database_logins import close_database_login, open_database_login
from tests.roles import serving_as
from tests.rows.asking import rows
from tests.rows.test_peoples_log_ins import Open, connect, houses, log_in
from tests.rows.two_tenants import House

__all__ = ["houses", "log_in"]
REFUSED = [("refused",)]
# What serving roles and log-ins may run: questions about their own scope, and arithmetic of time.
OPEN_TO_ALL = {"login_scope", "scope_is_all", "scope_role", "scope_tenants", "scope_user", "time_bucket"}
# They compute with the values they are given and look at nothing.
OPEN_TO_ALL |= {"approx_percentile", "counter_increase", "sketch", "sketch_final", "sketch_of", "sketch_points"}
OPEN_TO_ALL |= {"sum_of_counts"}
# A procedure that commits cannot have a search path of its own; this one names the schema of everything.
WITHOUT_PATH = {"time_bucket", "refresh_rollups"}


@pytest.mark.django_db
@pytest.mark.data_layer
def test_no_function_of_ours_looks_into_temporary_objects_first() -> None:
    careless = rows(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, 'lookups'::regnamespace)"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        " AND p.prokind <> 'a'"
        " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%%, pg_temp')"
    )
    assert {name for (name,) in careless} <= WITHOUT_PATH


@pytest.mark.django_db
@pytest.mark.data_layer
@pytest.mark.parametrize("role", ["data_collector", "omega_user", "omega_admin", "analyst", "dashboard_readonly"])
def test_no_function_of_ours_is_open_but_those_that_are_meant_to_be(role: str) -> None:
    runnable = rows(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, 'lookups'::regnamespace)"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        " AND has_function_privilege(%s, p.oid, 'EXECUTE')",
        role,
    )
    assert {name for (name,) in runnable} <= OPEN_TO_ALL


@pytest.mark.django_db
@pytest.mark.data_layer
@pytest.mark.parametrize("role", ["omega_portal", "data_collector", "omega_user", "omega_admin"])
def test_nobody_makes_temporary_objects(role: str) -> None:
    assert rows("SELECT has_database_privilege(%s, current_database(), 'TEMPORARY')", role) == [(False,)]


@pytest.mark.django_db
@pytest.mark.data_layer
def test_look_ups_need_no_right_to_bypass_policies() -> None:
    reached = ["users", "web_sessions", "api_tokens", "invitations"]
    reached += ["enrollment_tokens", "node_api_keys", "nodes", "tenants"]
    let_in = rows("SELECT tablename FROM pg_policies WHERE 'omega_auth' = ANY (roles) ORDER BY 1")
    assert [name for (name,) in let_in] == sorted(reached)


def test_log_in_cannot_hang_our_triggers_on_a_table_of_its_own(log_in: Open) -> None:
    person = log_in("omega_admin")
    assert person("CREATE TEMP TABLE t (user_id uuid)") == REFUSED
    assert person("CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb") == REFUSED
    assert person("SELECT public.audit_subject('user', '', 'admin@blue.example.test')") == REFUSED
    assert person("SELECT public.audit_erase_strangers(now(), now())") == REFUSED


def test_log_in_ends_with_its_sessions_whatever_they_hold(houses: tuple[House, House]) -> None:
    with serving_as("omega_worker"):
        password = open_database_login(name="t_holds_on", group="omega_readonly", user=None, tenant=None)
        session = connect("t_holds_on", password)
        session.execute("BEGIN")
        session.execute("SELECT 1 FROM nodes")
        close_database_login(name="t_holds_on")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        connect("t_holds_on", password)


@pytest.mark.parametrize(
    "fall", [{"is_active": False}, {"role": "USER"}, {"tenant__is_active": False}], ids=["closed", "demoted", "tenant"]
)
def test_log_in_sees_nothing_once_its_person_does_not(
    fall: dict[str, object], log_in: Open, houses: tuple[House, House]
) -> None:
    red, _ = houses
    ana = log_in("analyst", user=red.people["ANALYST"])
    assert ana("SELECT count(*) FROM nodes") == [(1,)]
    if "tenant__is_active" in fall:
        red.tenant.is_active = False
        red.tenant.save()
    else:
        User.objects.filter(pk=red.people["ANALYST"].pk).update(**fall)
    assert ana("SELECT count(*) FROM nodes") == [(0,)]
    assert ana("SELECT count(*) FROM usage_metrics") == [(0,)]


def test_log_in_follows_its_person_to_another_tenant(log_in: Open, houses: tuple[House, House]) -> None:
    red, blue = houses
    ana = log_in("analyst", user=red.people["ANALYST"])
    User.objects.filter(pk=red.people["ANALYST"].pk).update(tenant=blue.tenant)
    assert ana("SELECT hostname FROM nodes") == [("blue-1",)]


def test_web_process_asks_for_a_verification_and_judges_none(houses: tuple[House, House]) -> None:
    with serving_as("omega_portal"), pytest.raises(ProgrammingError, match="row-level security"):
        rows(
            "INSERT INTO audit_verifications (verification_id, verdict, finished_at)"
            " VALUES (gen_random_uuid(), 'passed', now() + interval '10 years')"
        )
