"""No table is forgotten: each is guarded, or stands here with the reason why it is not."""

import pytest

from apps.core.timescale.logins import GROUPS
from tests.database import aggregates
from tests.rows.asking import rows

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]

UNGUARDED = {
    "auth_group": "Django's own, unused: roles come from accounts.permissions",
    "auth_group_permissions": "as above",
    "auth_permission": "as above",
    "beat_leases": "clockwork of the installation",
    "corrected_samples": "values that corrections took away; no process for people has any right on it",
    "corrected_usage": "as above",
    "django_admin_log": "unused: the audit log takes its place",
    "django_content_type": "names of models",
    "django_migrations": "names of migrations",
    "django_session": "found by the digest of a cookie that only its browser holds",
    "ingest_batches": "receipts of machines; no process for people has any right on it",
    "ingest_pulses": "clockwork of the installation",
    "job_runs": "clockwork of the installation",
    "rollup_barriers": "clockwork; no process for people has any right on it",
    "schedule_marks": "clockwork of the installation",
    "seen_logout_tokens": "ids of messages, before anybody is known",
    "sign_in_attempts": "digests, before anybody is known",
    "usage_rollup_days": "clockwork, read through a view",
    "usage_rollup_queue": "clockwork, read through a view",
    "vitals_sources": "clockwork; no process for people has any right on it",
    # Partitioned time series: read through guarded views only.
    "metric_hourly": "view",
    "metric_samples": "view",
    "node_heartbeats": "view",
    "process_snapshots": "view",
    "usage_daily": "view",
    "usage_hourly": "view",
    "usage_metrics": "view",
    "usage_sketches": "view",
}
# What no reader's view shows; everything else of a published table is in it.
SECRET = {
    ("audit_logs", "actor_salt"),
    ("audit_logs", "subject_salt"),
    ("users", "password"),
    ("web_sessions", "session_digest"),
    ("web_sessions", "refresh_token"),
    ("web_sessions", "id_token"),
    ("api_tokens", "digest"),
    ("invitations", "digest"),
    ("enrollment_tokens", "digest"),
    ("node_api_keys", "digest"),
}
# A column that only says again what stands in the others.
REPEATED = {("node_latest", "as_json")}
UNPUBLISHED = {"audit_seal_mark", "database_logins"}
# Read by log-ins under policies of its own, since people group by its key: a view has none.
READ_ITSELF = {"nodes"}


def test_every_table_is_guarded_even_from_its_owner_or_exempt_for_a_reason() -> None:
    found = rows(
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = 'public'::regnamespace AND NOT relispartition"
    )

    assert {name for name, is_guarded in found if not is_guarded} == set(UNGUARDED) - aggregates()


def test_whoever_reads_time_series_for_people_does_so_through_views() -> None:
    views = {name for name, why in UNGUARDED.items() if why == "view"}
    readable = rows(
        "SELECT relname FROM pg_class WHERE relname = ANY (%s) AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege('omega_portal', oid, 'SELECT')",
        list(views),
    )
    seen = rows("SELECT viewname FROM pg_views WHERE schemaname = 'series'")

    assert readable == []
    assert views <= {name for (name,) in seen}


def test_readers_see_every_guarded_table_whole_but_for_its_secrets() -> None:
    missing = rows(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0"
        " AND NOT attisdropped WHERE c.relnamespace = 'public'::regnamespace"
        " AND (c.relforcerowsecurity OR c.relname = ANY (%s)) AND NOT EXISTS (SELECT FROM pg_attribute v"
        " WHERE v.attrelid = to_regclass('readable.' || c.relname) AND v.attname = a.attname)",
        [name for name, why in UNGUARDED.items() if why == "view"],
    )

    assert {(table, column) for table, column in missing if table not in UNPUBLISHED | READ_ITSELF} == SECRET | REPEATED
    assert {table for table, _ in missing} - {table for table, _ in SECRET | REPEATED} == UNPUBLISHED | READ_ITSELF
    for table in READ_ITSELF:
        readers = "SELECT unnest(roles) FROM pg_policies WHERE tablename = %s AND policyname = 'log_ins_read'"
        assert {role for (role,) in rows(readers, table)} == set(GROUPS)


def test_the_exceptions_are_the_named_look_ups_and_nothing_else() -> None:
    found = rows(
        "SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE pg_get_userbyid(p.proowner) = 'omega_auth' ORDER BY 1"
    )
    outsiders = rows(
        "SELECT p.proname, r.rolname FROM pg_proc p CROSS JOIN pg_roles r"
        " WHERE p.pronamespace = 'lookups'::regnamespace AND has_function_privilege(r.rolname, p.oid, 'EXECUTE')"
        " AND r.rolname IN ('data_collector', 'omega_admin', 'omega_operator', 'omega_user', 'analyst',"
        " 'omega_readonly', 'dashboard_readonly')"
    )

    names = ["enrollment_token_by_key_id", "invitation_by_key_id", "tenant_of_node_key", "token_by_key_id"]
    names += ["user_by_email", "user_by_id", "user_by_identity", "web_session_by_digest"]
    assert [name for (name,) in found] == [f"lookups.{name}" for name in names]
    assert outsiders == []
