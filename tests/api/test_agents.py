"""What agents say to the web process."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.audit.models import AuditLog
from apps.nodes.models import EnrollmentToken, Node, NodeApiKey, NodeCommand
from apps.nodes.services import revoke_key
from tests import make

pytestmark = pytest.mark.django_db
FACTS = {
    "hostname": "lab-01", "machine_id": "0123456789abcdef", "agent_version": "0.1.0", "os_name": "Debian 12",
    "cpu_model": "CPU", "total_cpu_cores": 8, "total_memory_gb": 33.5, "total_storage_gb": 500.0,
    "ip_address": "10.1.2.3", "labels": {"room": "7"}, "tags": ["lab"],
}  # fmt: skip


def post(client: Client, path: str, secret: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else None
    return client.post(f"/api/v1/agent/{path}", data=body, content_type="application/json", headers=headers)


def test_a_machine_enrols_and_again_without_becoming_two(client: Client) -> None:
    first = post(client, "enroll", make.enrollment_token(), FACTS)
    again = post(client, "enroll", make.enrollment_token(), FACTS).json()
    body = first.json()
    assert first.status_code == 201
    assert (body["status"], body["ingest_url"]) == ("active", settings.OMEGA.ingest_public_url)
    assert body["config"]["heartbeat_interval_seconds"] == 10
    assert again["node_id"] == body["node_id"]
    assert again["key"] != body["key"]
    node = Node.objects.get()
    assert (node.total_memory_gb, node.labels, node.tags) == (33.5, {"room": "7"}, ["lab"])
    event = AuditLog.objects.filter(action="NODE_ENROLLED").get()
    assert (event.user_role, event.user_email) == ("AGENT", "lab-01")


def test_without_auto_approval_a_machine_waits(client: Client) -> None:
    token = make.enrollment_token(auto_approve=False)
    assert post(client, "enroll", token, FACTS).json()["status"] == "pending"


def test_another_machine_of_the_same_name_is_409_and_uses_nothing_up(client: Client) -> None:
    post(client, "enroll", make.enrollment_token(), FACTS)
    token = make.enrollment_token()
    answer = post(client, "enroll", token, {**FACTS, "machine_id": "other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "hostname_taken")
    assert EnrollmentToken.objects.filter(uses_left=1).count() == 1


@pytest.mark.parametrize("token", ["", "ome_nonsense", "omg_abc"])
def test_a_bad_token_is_401(client: Client, token: str) -> None:
    answer = post(client, "enroll", token, FACTS)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_used_up_token_is_401(client: Client) -> None:
    token = make.enrollment_token()
    post(client, "enroll", token, FACTS)
    assert post(client, "enroll", token, {**FACTS, "hostname": "lab-02", "machine_id": "2"}).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hostname": ""}, "hostname"),
        ({"hostname": "a b"}, "hostname"),
        ({"hostname": "-x"}, "hostname"),
        ({"hostname": "x\ny"}, "hostname"),
        ({"total_cpu_cores": -1}, "total_cpu_cores"),
        ({"total_cpu_cores": 1.5}, "total_cpu_cores"),
        ({"total_memory_gb": "much"}, "total_memory_gb"),
        ({"ip_address": "nowhere"}, "ip_address"),
        ({"labels": {"a": 1}}, "labels.a"),
        ({"labels": {f"l{n}": "x" for n in range(51)}}, "labels"),
        ({"tags": ["x" * 64]}, "tags"),
        ({"node_type": "toaster"}, "node_type"),
        ({"status": "active"}, "status"),
    ],
)
def test_bad_facts_are_refused_by_name(client: Client, changes: dict[str, Any], field: str) -> None:
    answer = post(client, "enroll", make.enrollment_token(), {**FACTS, **changes})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not Node.objects.exists()


def test_a_key_rotates_itself_and_the_old_one_lives_on(client: Client, now: datetime) -> None:
    old = make.key(make.node())
    answer = post(client, "keys/rotate", old.text, {})
    body = answer.json()
    assert answer.status_code == 201
    assert datetime.fromisoformat(body["old_key_expires_at"]) > now + timedelta(hours=23)
    for secret in (old.text, body["key"]):
        assert client.get("/api/v1/agent/config", headers={"Authorization": f"Bearer {secret}"}).status_code == 204


def test_revoked_expired_and_invented_keys_look_alike(client: Client, now: datetime) -> None:
    revoked, expired = make.key(make.node()), make.key(make.node())
    revoke_key(key=revoked.row, reason="stolen", now=now)
    NodeApiKey.objects.filter(pk=expired.row.pk).update(expires_at=now - timedelta(seconds=1))
    wrong = make.key(make.node()).text[:-1] + "!"
    answers = [post(client, "keys/rotate", secret, {}) for secret in (revoked.text, expired.text, wrong, "omg_x")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("status", ["active", "retired"])
def test_a_key_of_an_inactive_tenant_looks_like_any_bad_key(client: Client, status: str) -> None:
    node = make.node(tenant=make.tenant(is_active=False))
    key = make.key(node)
    Node.objects.filter(pk=node.pk).update(status=status)
    answer, bad = (post(client, "keys/rotate", secret, {}) for secret in (key.text, "omg_x"))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_key")
    assert answer.content == bad.content
    key.row.refresh_from_db()
    assert key.row.last_used_at is None


def test_enrolment_into_an_inactive_tenant_looks_like_a_bad_token(client: Client) -> None:
    token = make.enrollment_token(tenant=make.tenant(is_active=False))
    answer, bad = (post(client, "enroll", text, FACTS) for text in (token, "ome_nonsense"))
    assert answer.status_code == 401
    assert answer.content == bad.content
    assert not Node.objects.exists()


def test_a_retired_nodes_key_is_403(client: Client) -> None:
    node = make.node()
    key = make.key(node)
    Node.objects.filter(pk=node.pk).update(status="retired")
    answer = post(client, "keys/rotate", key.text, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "node_retired")


def test_a_key_works_only_from_its_networks_and_for_its_scopes(client: Client) -> None:
    far, narrow = make.key(make.node()), make.key(make.node())
    NodeApiKey.objects.filter(pk=far.row.pk).update(allowed_ips=["203.0.113.0/24"])
    NodeApiKey.objects.filter(pk=narrow.row.pk).update(scopes=["ingest"])
    assert post(client, "keys/rotate", far.text, {}).status_code == 401
    assert post(client, "keys/rotate", narrow.text, {}).status_code == 403


def test_a_commands_first_result_is_kept(client: Client) -> None:
    node = make.node()
    command, key = NodeCommand.objects.create(node=node, command="ping"), make.key(node)
    assert post(client, f"commands/{command.pk}", key.text, {"status": "done", "detail": "ok"}).status_code == 200
    assert post(client, f"commands/{command.pk}", key.text, {"status": "failed"}).status_code == 200
    command.refresh_from_db()
    assert command.result == {"status": "done", "detail": "ok"}
    assert command.finished_at is not None


def test_another_nodes_command_does_not_exist(client: Client) -> None:
    command, key = NodeCommand.objects.create(node=make.node(), command="ping"), make.key(make.node())
    assert post(client, f"commands/{command.pk}", key.text, {"status": "done"}).status_code == 404


def test_the_use_of_a_key_is_noted(client: Client, now: datetime) -> None:
    key = make.key(make.node())
    client.get("/api/v1/agent/config", headers={"Authorization": f"Bearer {key.text}"})
    key.row.refresh_from_db()
    assert key.row.last_used_at is not None
    assert key.row.last_used_ip == "127.0.0.1"
