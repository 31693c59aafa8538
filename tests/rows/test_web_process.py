"""The web process sees and changes the rows of whom it works for, whatever its statements say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.core.context import ALL_TENANTS, NOBODY, RequestContext, acting, as_agent
from apps.metrics.models import UsageMetric
from apps.nodes.models import Node, NodeCommand, NodeResource
from tests import make
from tests.database import acting_as
from tests.golden import assert_golden
from tests.rows.asking import rows, touched
from tests.rows.two_tenants import House, house

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]

OF_TENANT = "{}.tenant_id = %s"
OF_NODE = "(SELECT tenant_id FROM nodes n WHERE n.node_id = {}.node_id) = %s"
OF_PERSON = "(SELECT tenant_id FROM users u WHERE u.user_id = {}.user_id) = %s"
# Every guarded table of business, and how a row is told to belong to a tenant.
TABLES = {
    "api_tokens": OF_PERSON,
    "enrollment_tokens": OF_TENANT,
    "ingest_trust": OF_NODE,
    "invitations": OF_TENANT,
    "metric_families": OF_TENANT,
    "metric_series": OF_TENANT,
    "node_api_keys": OF_NODE,
    "node_commands": OF_NODE,
    "node_latest": OF_NODE,
    "node_lifecycle_logs": OF_NODE,
    "node_resources": OF_NODE,
    "nodes": OF_TENANT,
    "quota_requests": OF_PERSON,
    "sample_corrections": OF_TENANT,
    "tenants": OF_TENANT,
    "user_sessions": OF_NODE,
    "users": OF_TENANT,
    "web_sessions": OF_PERSON,
}
SERIES = {
    "metric_samples": "(SELECT tenant_id FROM metric_series s WHERE s.series_id = {}.series_id) = %s",
    "node_heartbeats": OF_NODE,
    "process_snapshots": OF_NODE,
    "usage_metrics": OF_NODE,
}


@pytest.fixture
def red() -> House:
    """The one tenant."""
    return house("red")


@pytest.fixture
def blue() -> House:
    """The other."""
    return house("blue")


def contexts(red: House) -> dict[str, RequestContext]:
    """Return everybody of one tenant, and those of none."""
    people = {role: red.context(role) for role in red.people}
    return {
        **people,
        "AGENT": as_agent(red.node.hostname, red.tenant.pk),
        "NOBODY": replace(NOBODY, request_id="request-1"),
        "ADMIN OF ALL": replace(red.context("ADMIN"), tenant_ids=ALL_TENANTS),
    }


@contextmanager
def as_seen_by(context: RequestContext) -> Iterator[None]:
    """Ask on somebody's behalf, and undo what was changed."""
    with transaction.atomic(), acting(context):
        yield
        transaction.set_rollback(True)
    transaction.set_rollback(False)


def test_each_role_sees_and_changes_what_is_written_down(red: House, blue: House) -> None:
    """A line says: rows seen of its own tenant and of the other, and rows it could change of each."""
    marks = {
        table: rows(f"SELECT array_agg(ctid::text) FROM {table} WHERE " + is_of.format(table), red.tenant.pk)[0][0]  # noqa: S608
        for table, is_of in TABLES.items()
    }
    lines = []
    for name, context in contexts(red).items():
        for table in TABLES:
            with as_seen_by(context):
                seen = {found for (found,) in rows(f"SELECT ctid::text FROM {table}")}  # noqa: S608
                column = rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", table)
                changed = touched(f"UPDATE {table} SET {column[0][0]} = {column[0][0]}")  # noqa: S608
            own = len(seen & set(marks[table]))
            lines.append(f"{name} {table}: sees {own} own, {len(seen) - own} of others; changes {changed}")

    assert_golden(Path(__file__).parent / "web_process.txt", lines)


def test_time_series_are_seen_by_tenant_too(red: House, blue: House) -> None:
    found = {}
    for name, context in contexts(red).items():
        with as_seen_by(context):
            found[name] = {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in SERIES}  # noqa: S608

    one = {"metric_samples": 1, "node_heartbeats": 0, "process_snapshots": 1, "usage_metrics": 1}
    assert found.pop("NOBODY") == dict.fromkeys(SERIES, 0)
    assert found.pop("ADMIN OF ALL") == {table: 2 * count for table, count in one.items()}
    assert found == dict.fromkeys(found, one)


def test_orm_finds_nothing_of_the_other_tenant(red: House, blue: House) -> None:
    with as_seen_by(red.context("DEVOPS")):
        assert list(Node.objects.values_list("hostname", flat=True)) == ["red-1"]
        assert not UsageMetric.objects.filter(node=blue.node).exists()
        assert Node.objects.filter(pk=blue.node.pk).update(region="mine") == 0
        assert not User.objects.filter(tenant=blue.tenant).exists()


def test_child_cannot_be_put_under_a_parent_of_the_other_tenant(red: House, blue: House) -> None:
    with as_seen_by(red.context("DEVOPS")):
        for insert in (
            "INSERT INTO node_commands (node_id, command) VALUES (%s, 'ping')",
            "INSERT INTO node_resources (node_id, resource_type, capacity, unit) VALUES (%s, 'gpu', 1, 'GPUs')",
            "INSERT INTO node_api_keys (key_id, node_id, digest) VALUES ('x', %s, 'x')",
        ):
            assert (touched(insert, blue.node.pk), touched(insert, red.node.pk)) == ("refused", 1)
        assert touched("UPDATE nodes SET tenant_id = %s", blue.tenant.pk) == "refused"
    assert (
        NodeCommand.objects.filter(node=blue.node).count() == NodeResource.objects.filter(node=blue.node).count() == 1
    )


@pytest.mark.parametrize(
    "change", ["role = 'ADMIN'", "tenant_id = NULL", "is_superuser = true", "email = 'a@b.example'"]
)
def test_nobody_makes_themselves_more_than_they_are(red: House, change: str) -> None:
    for role in ("USER", "DEVOPS"):
        with as_seen_by(red.context(role)):
            assert touched(f"UPDATE users SET {change} WHERE user_id = %s", red.people[role].pk) == "refused"  # noqa: S608
            assert touched("UPDATE users SET full_name = 'New' WHERE user_id = %s", red.people[role].pk) == 1


def test_admin_of_a_tenant_gives_nobody_more_than_the_tenant_and_makes_no_superuser(red: House, blue: House) -> None:
    uma = red.people["USER"].pk
    with as_seen_by(red.context("ADMIN")):
        assert touched("UPDATE users SET role = 'DEVOPS' WHERE user_id = %s", uma) == 1
        assert touched("UPDATE users SET tenant_id = NULL WHERE user_id = %s", uma) == "refused"
        assert touched("UPDATE users SET tenant_id = %s WHERE user_id = %s", blue.tenant.pk, uma) == "refused"
        assert touched("UPDATE users SET is_superuser = true WHERE user_id = %s", uma) == "refused"
        assert touched("INSERT INTO role_mappings (claim_value, role) VALUES ('x', 'ADMIN')") == "refused"
        assert touched("UPDATE tenants SET node_limit = NULL") == "refused"


def test_superuser_is_changed_by_superusers_alone(red: House) -> None:
    with acting_as("omega_worker"):
        root = make.user("ADMIN", email="root@example.test", tenant=red.tenant, is_superuser=True)
    change = "UPDATE users SET password = 'x' WHERE user_id = %s"
    with as_seen_by(red.context("ADMIN")):
        assert touched(change, root.pk) == "refused"
        assert touched("UPDATE users SET last_login = now() WHERE user_id = %s", root.pk) == 1
    with as_seen_by(replace(red.context("ADMIN"), user_id=str(root.pk))):
        assert touched(change, root.pk) == 1
