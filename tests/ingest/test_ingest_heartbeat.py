"""A heartbeat, spoken to a real process over a real database."""

import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from apps.metrics.models import NodeLatest, UsageRollupQueue
from apps.nodes.models import Node, NodeApiKey, NodeCommand, NodeHeartbeat
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch, new_agent
from tests.ingest.stored import samples_of, usage_of
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.data_layer]
VITALS = {"cpu_percent": 12.5, "cpu_per_core": [10.0, 15.0], "ram_percent": 40.25, "process_count": 99}


def test_heartbeat_alone_notes_the_contact(agent: Agent) -> None:
    before = datetime.now(UTC)
    answer = agent.post("heartbeat", {"status": "ok", "agent_version": "9.9", "at": epoch(3)})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "config_hash": "",
        "commands": [],
        "next_in_seconds": 10,
        "server_time": answer.json()["server_time"],
        "accepted": 0,
        "rejected": [],
    }
    node = Node.objects.get(pk=agent.node.pk)
    assert before <= node.last_heartbeat <= datetime.now(UTC)
    assert node.silent_after == node.last_heartbeat + timedelta(seconds=30)
    assert (node.reported_status, node.agent_version) == ("ok", "9.9")
    elapsed = (datetime.now(UTC) - before).total_seconds()
    assert 2.9 - elapsed <= node.clock_skew_seconds <= 3.1


def test_heartbeat_with_a_long_interval_leaves_time_for_three(agent: Agent) -> None:
    Node.objects.filter(pk=agent.node.pk).update(heartbeat_interval_seconds=60)
    answer = agent.post("heartbeat", {"status": "ok"})
    node = Node.objects.get(pk=agent.node.pk)
    assert answer.json()["next_in_seconds"] == 60
    assert node.silent_after == node.last_heartbeat + timedelta(seconds=180)


def test_heartbeat_never_changes_the_status(agent: Agent) -> None:
    Node.objects.filter(pk=agent.node.pk).update(status="offline")
    assert agent.post("heartbeat", {"status": "ok"}).status_code == 200
    assert Node.objects.get(pk=agent.node.pk).status == "offline"


def test_heartbeat_with_measurements_stores_them(agent: Agent) -> None:
    at = round(epoch(-1), 3)
    sample = {"type": "queue_length", "value": 7, "unit": "jobs", "labels": {"queue": "default"}, "at": at}
    answer = agent.post("heartbeat", {"status": "ok", "usage": {"at": at, **VITALS}, "metrics": [sample]})
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (2, [])
    [usage] = usage_of(agent.node)
    assert (usage.cpu_percent, usage.cpu_per_core, usage.process_count) == (12.5, [10.0, 15.0], 99)
    assert usage.timestamp.timestamp() == pytest.approx(at, abs=1e-6)
    assert samples_of(agent.node) == [("queue_length", {"queue": "default"}, 7.0)]
    assert NodeLatest.objects.get(node=agent.node).ram_percent == 40.25
    with acting_as("omega_worker"):
        assert UsageRollupQueue.objects.get(node_id=agent.node.pk).bucket.timestamp() == at // 3600 * 3600
        told = NodeHeartbeat.objects.get(node=agent.node).metrics_data
    assert (told["usage"]["cpu_percent"], told["metrics"][0]["type"]) == (12.5, "queue_length")


def test_heartbeat_with_a_bad_measurement_still_counts(agent: Agent) -> None:
    body = {"status": "ok", "usage": {"cpu_percent": 250}, "metrics": [{"type": "a", "value": "x"}]}
    answer = agent.post("heartbeat", body)
    assert answer.status_code == 200
    assert [(r["list"], r["index"], r["code"], r["field"]) for r in answer.json()["rejected"]] == [
        ("metrics", 0, "invalid_value", "value"),
        ("usage", 0, "invalid_value", "cpu_percent"),
    ]
    assert Node.objects.get(pk=agent.node.pk).last_heartbeat is not None


def test_older_vitals_do_not_replace_newer_ones(agent: Agent) -> None:
    for at, percent in ((epoch(-10), 50), (epoch(-60), 20)):
        assert agent.post("heartbeat", {"status": "ok", "usage": {"at": at, "cpu_percent": percent}}).status_code == 200
    assert NodeLatest.objects.get(node=agent.node).cpu_percent == 50
    assert len(usage_of(agent.node)) == 2


def test_command_is_handed_out_once_until_its_answer_is_overdue(agent: Agent) -> None:
    command = NodeCommand.objects.create(node=agent.node, command="ping", arguments={"a": 1})
    first = agent.post("heartbeat", {"status": "ok"}).json()["commands"]
    assert first == [{"id": str(command.pk), "command": "ping", "arguments": {"a": 1}}]
    assert agent.post("heartbeat", {"status": "ok"}).json()["commands"] == []
    NodeCommand.objects.update(delivered_at=datetime.now(UTC) - timedelta(minutes=2))
    assert agent.post("heartbeat", {"status": "ok"}).json()["commands"] == first
    NodeCommand.objects.update(delivered_at=datetime.now(UTC) - timedelta(minutes=2), finished_at=datetime.now(UTC))
    assert agent.post("heartbeat", {"status": "ok"}).json()["commands"] == []


def test_key_use_is_noted_at_most_once_a_minute(agent: Agent) -> None:
    agent.post("heartbeat", {"status": "ok"})
    first = NodeApiKey.objects.get(node=agent.node)
    agent.post("heartbeat", {"status": "ok"})
    assert NodeApiKey.objects.get(node=agent.node).last_used_at == first.last_used_at
    assert (first.last_used_ip, first.last_used_at is None) == ("127.0.0.1", False)


def test_pending_node_is_told_to_wait_but_seen_knocking(door: Portal, committed: None) -> None:
    agent = new_agent(door.ingest_url, status="pending")
    answer = agent.post("heartbeat", {"status": "ok", "usage": VITALS})
    assert (answer.status_code, answer.json()["code"]) == (403, "node_pending")
    assert Node.objects.get(pk=agent.node.pk).last_heartbeat is not None
    assert usage_of(agent.node) == []
    assert agent.send({"type": "a", "value": 1}).json()["code"] == "node_pending"


def test_retired_node_is_sent_away(agent: Agent) -> None:
    Node.objects.filter(pk=agent.node.pk).update(status="retired")
    answer = agent.post("heartbeat", {"status": "ok"})
    assert (answer.status_code, answer.json()["code"]) == (403, "node_retired")
    assert Node.objects.get(pk=agent.node.pk).last_heartbeat is None


def test_body_naming_another_node_is_refused(agent: Agent) -> None:
    for call, body in (
        ("heartbeat", {"status": "ok"}),
        ("metrics", {"batch_id": str(uuid4())}),
        ("processes", {"processes": []}),
    ):
        answer = agent.post(call, {**body, "node_id": str(uuid4())})
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_node")
        assert agent.post(call, {**body, "node_id": str(agent.node.pk)}).status_code == 200


def test_heartbeat_of_more_samples_than_a_sign_of_life_needs_is_refused(agent: Agent) -> None:
    for kind in ("m", "not a name"):
        answer = agent.post("heartbeat", {"status": "ok", "metrics": [{"type": kind, "value": n} for n in range(1001)]})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (413, "too_many_items", "metrics")
    assert samples_of(agent.node) == []


def test_heartbeat_that_was_long_under_way_takes_nothing_back(agent: Agent) -> None:
    place = urlsplit(agent.url)
    body = b'{"status": "error", "error": "old", "agent_version": "1.0"}'
    with socket.create_connection((place.hostname, place.port), timeout=20) as slow:
        head = f"POST /api/v1/agent/heartbeat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {agent.key}\r\n"
        slow.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        before = datetime.now(UTC)
        # The door takes a second's difference for two that came at once.
        wait_for(lambda: datetime.now(UTC) - before > timedelta(seconds=1.5))
        assert agent.post("heartbeat", {"status": "ok", "agent_version": "1.1"}).status_code == 200
        newer = Node.objects.get(pk=agent.node.pk)
        slow.sendall(body)
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
    node = Node.objects.get(pk=agent.node.pk)
    assert (node.last_heartbeat, node.silent_after) == (newer.last_heartbeat, newer.silent_after)
    assert (node.reported_status, node.reported_error, node.agent_version) == ("ok", "", "1.1")
