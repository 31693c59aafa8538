"""Every changed row of a business table leaves its image, whoever changed it and however."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.audit.models import AuditLog
from apps.core.context import RequestContext, acting, because
from apps.nodes.models import Node, NodeApiKey, NodeCommand, NodeResource
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]

# Tables whose rows nobody edits: machines and the clockwork write them, or they are a log themselves.
EXEMPT = {
    "audit_logs": "the log itself",
    "audit_seal_mark": "clockwork, every ten seconds",
    "audit_seals": "added to only; sealed in themselves",
    "audit_verifications": "asking is an event, a broken seal too",
    "auth_group": "Django's own, unused: roles come from accounts.permissions",
    "auth_group_permissions": "as above",
    "auth_permission": "as above",
    "beat_leases": "clockwork, several times a minute",
    "corrected_samples": "measured by machines",
    "corrected_usage": "measured by machines",
    "django_admin_log": "a log itself",
    "django_content_type": "written by migrate",
    "django_migrations": "written by migrate",
    "django_session": "sign-ins and sign-outs are events",
    "ingest_batches": "receipts of machines",
    "ingest_pulses": "clockwork, once a second",
    "ingest_trust": "counted by machines",
    "job_runs": "clockwork; a log itself",
    "metric_families": "described by machines",
    "metric_hourly": "computed",
    "metric_samples": "measured by machines",
    "metric_series": "named by machines",
    "node_heartbeats": "sent by machines",
    "node_latest": "measured by machines",
    "node_lifecycle_logs": "a log itself",
    "process_snapshots": "measured by machines",
    "rollup_barriers": "clockwork",
    "sample_corrections": "correcting and undoing are events",
    "schedule_marks": "clockwork",
    "seen_logout_tokens": "clockwork",
    "sign_in_attempts": "counters; refusals are events",
    "unknown_claims": "counted by sign-ins",
    "usage_daily": "computed",
    "usage_hourly": "computed",
    "usage_sketches": "computed",
    "usage_metrics": "measured by machines",
    "usage_rollup_days": "clockwork",
    "usage_rollup_queue": "clockwork",
    "vitals_sources": "clockwork",
    "web_sessions": "sign-ins and their ends are events",
}
CONTACT: dict[str, Any] = {
    "last_heartbeat": None,
    "silent_after": None,
    "reported_status": "degraded",
    "reported_error": "disk slow",
    "reported_config_hash": "abc",
    "agent_version": "9.9",
    "clock_skew_seconds": 1.5,
}


def images(resource_type: str) -> list[AuditLog]:
    """Return the images of one kind of row, oldest first."""
    return list(AuditLog.objects.filter(is_row_image=True, resource_type=resource_type).order_by("id"))


def test_every_table_is_recorded_or_exempt_for_a_reason() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid"
            " AND t.tgfoid = 'audit_row_change'::regproc) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        recorded = dict(cursor.fetchall())

    assert {table for table, is_recorded in recorded.items() if not is_recorded} == set(EXEMPT)
    assert {"users", "tenants", "nodes", "node_resources", "node_api_keys", "enrollment_tokens"} <= recorded.keys()


def test_new_row_is_recorded_whole_and_a_gone_one_too() -> None:
    tenant = make.tenant(name="Physics")
    tenant_id = str(tenant.pk)
    with acting_as("omega_worker"):
        tenant.delete()

    created, deleted = (image for image in images("tenant") if image.resource_id == tenant_id)
    assert (created.action, created.resource_name, created.category) == ("TENANT_CREATED", "Physics", "USER")
    assert created.details["after"]["slug"] == tenant.slug
    assert "before" not in created.details
    assert (deleted.action, deleted.details["before"]["name"]) == ("TENANT_DELETED", "Physics")
    assert "after" not in deleted.details


def test_changed_row_shows_only_the_columns_that_changed() -> None:
    node = make.node(region="north")
    node.region, node.tags = "south", ["gpu"]
    node.save()

    image = images("node")[-1]
    assert image.action == "NODE_UPDATED"
    assert image.details == {"before": {"region": "north", "tags": []}, "after": {"region": "south", "tags": ["gpu"]}}
    assert (image.tenant_id, image.resource_name) == (node.tenant_id, node.hostname)


def test_value_that_became_empty_is_shown_as_empty() -> None:
    node = make.node(total_cpu_cores=8, labels={"rack": None})
    Node.objects.filter(pk=node.pk).update(total_cpu_cores=None, labels={"rack": "r1", "row": None})

    assert images("node")[-1].details == {
        "before": {"total_cpu_cores": 8, "labels": {"rack": None}},
        "after": {"total_cpu_cores": None, "labels": {"rack": "r1", "row": None}},
    }


def test_save_that_changes_nothing_leaves_nothing() -> None:
    node, person = make.node(), make.user()
    before = AuditLog.objects.count()
    node.save()
    person.save()

    assert AuditLog.objects.count() == before


@pytest.mark.parametrize("column", CONTACT)
def test_contact_of_a_machine_leaves_no_image(column: str) -> None:
    node = make.node()
    before = AuditLog.objects.count()
    with acting_as("data_collector"):
        assert Node.objects.filter(pk=node.pk).update(**{column: CONTACT[column]}) == 1

    assert AuditLog.objects.count() == before


def test_use_of_a_key_and_a_sign_in_leave_no_image(now: datetime) -> None:
    key = make.key(make.node())
    make.user()
    before = AuditLog.objects.count()
    NodeApiKey.objects.filter(pk=key.row.pk).update(last_used_at=now, last_used_ip="192.0.2.9")
    User.objects.update(last_login=now)

    assert AuditLog.objects.count() == before


def test_no_secret_stands_in_any_image(now: datetime) -> None:
    person = make.user(password="a very long first password")
    first = person.password
    person.set_password("a very long second password")
    person.save()
    key = make.key(make.node())
    token = make.enrollment_token()

    everything = " ".join(str(image.details) for image in AuditLog.objects.all())
    assert first is not None
    for secret in (first, person.password, bytes(key.row.digest).hex(), key.text, token):
        assert str(secret) not in everything
    assert images("user")[-1].details == {"before": {"password": "***"}, "after": {"password": "***"}}
    assert images("node_api_key")[-1].details["after"]["digest"] == "***"


def test_image_says_who_did_it_in_which_request_and_why() -> None:
    otto = make.user("DEVOPS")
    context = RequestContext(
        user_id=str(otto.pk),
        user_email=otto.email,
        user_role="DEVOPS",
        tenant_ids="all",
        request_id="req-77",
        ip_address="192.0.2.1",
    )
    node = make.node()
    with acting(context), because("moved to the cellar"):
        Node.objects.filter(pk=node.pk).update(location="cellar")

    image = images("node")[-1]
    assert (image.user_id, image.user_email, image.user_role) == (otto.pk, otto.email, "DEVOPS")
    assert (image.request_id, image.reason, image.ip_address) == ("req-77", "moved to the cellar", "192.0.2.1")


def test_bulk_update_leaves_one_image_per_row() -> None:
    nodes = [make.node() for _ in range(5)]
    Node.objects.filter(pk__in=[node.pk for node in nodes]).update(region="east")

    changed = [image.resource_id for image in images("node") if image.details.get("after") == {"region": "east"}]
    assert sorted(changed) == sorted(str(node.pk) for node in nodes)


@pytest.mark.parametrize("role", ["omega_portal", "omega_worker"])
def test_raw_sql_leaves_an_image_too(role: str) -> None:
    node = make.node()
    with acting_as(role), connection.cursor() as cursor:
        cursor.execute("UPDATE nodes SET description = 'by hand' WHERE node_id = %s", [node.pk])

    assert images("node")[-1].details["after"] == {"description": "by hand"}


def test_rows_that_go_with_their_parent_leave_images(now: datetime) -> None:
    node = make.node()
    NodeResource.objects.create(node=node, resource_type="cpu", capacity=8, unit="cores")
    NodeCommand.objects.create(node=node, command="ping")
    with acting_as("omega_worker"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM node_resources WHERE node_id = %s", [node.pk])

    assert [image.action for image in images("node_resource")] == ["NODE_RESOURCE_CREATED", "NODE_RESOURCE_DELETED"]
    assert [image.action for image in images("node_command")] == ["NODE_COMMAND_CREATED"]
    assert timedelta(0) <= images("node_command")[0].timestamp - now < timedelta(minutes=1)
