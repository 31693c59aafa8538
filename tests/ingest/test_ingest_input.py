"""Bad input: a clear error, nothing stored, never a 500, and the node is heard again afterwards."""

import gzip
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

import cramjam
import httpx
import pytest

from apps.ingest.body import MOST_BYTES
from tests.ingest.conftest import Agent
from tests.ingest.stored import samples_of, series_count
from tests.processes import Portal

pytestmark = pytest.mark.flow
DEEP = b"[" * 5000 + b"]" * 5000


def batch(item: bytes) -> bytes:
    """Return a batch whose second sample is the given text."""
    head = f'{{"batch_id":"{uuid4()}","samples":[{{"type":"good","value":1}},'.encode()
    return head + item + b"]}"


@pytest.mark.parametrize(
    ("item", "code", "field"),
    [
        (b'{"type":"a","value":NaN}', "malformed_json", "value"),
        (b'{"type":"a","value":Infinity}', "malformed_json", "value"),
        (b'{"type":"a","value":-Infinity}', "malformed_json", "value"),
        (b'{"type":"\\ud800","value":1}', "invalid_text", "type"),
        (b'{"type":"a","value":1,"labels":{"x":"\\udfff"}}', "invalid_text", "labels.x"),
        (b'{"type":"a\xff","value":1}', "invalid_text", "type"),
        (b'{"type":"a","value":1,"labels":' + DEEP + b"}", "too_deep", None),
        (b'{"type":"a","value":1,"unit":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", "too_deep", None),
        (b'{"type":"a","value":1', "malformed_json", None),
    ],
)
def test_text_that_is_not_json_refuses_the_body(agent: Agent, item: bytes, code: str, field: str | None) -> None:
    answer = agent.post("metrics", batch(item))
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    if field:
        assert (answer.json()["index"], answer.json()["field"]) == (1, field)
    assert samples_of(agent.node) == []


@pytest.mark.parametrize(
    ("item", "code", "field"),
    [
        (b'{"type":"a","value":1e999}', "not_finite", "value"),
        (b'{"type":"a","value":1' + b"0" * 400 + b"}", "not_finite", "value"),
        (b'{"type":"a","value":1' + b"0" * 5000 + b"}", "not_finite", "value"),
        (b'{"type":"a","value":"1"}', "invalid_value", "value"),
        (b'{"type":"a","value":true}', "invalid_value", "value"),
        (b'{"type":"a","value":null}', "invalid_value", "value"),
        (b'{"type":"a"}', "missing_field", "value"),
        (b'{"value":1}', "missing_field", "type"),
        (b"[]", "invalid_value", None),
        (b'{"type":"a","value":1,"colour":"red"}', "unknown_field", "colour"),
        (b'{"type":"a","value":1,"value":2}', "repeated_field", "value"),
        (b'{"type":"a","value":1,"value" :2}', "repeated_field", "value"),
        (b'{"type":"a\\u0000b","value":1}', "invalid_text", "type"),
        (b'{"type":"a","value":1,"labels":{"x":"\\u0000"}}', "invalid_text", "labels.x"),
        (b'{"type":"a","value":1,"labels":{"\\u0000":"x"}}', "invalid_text", None),
        (b'{"type":"a","value":1,"labels":{"x":"1","x":"2"}}', "repeated_field", "labels"),
        (b'{"type":"a","value":1,"labels":{"x":1}}', "invalid_value", "labels"),
        (b'{"type":"a","value":1,"labels":["x"]}', "invalid_value", "labels"),
        (b'{"type":"a","value":1,"unit":"' + b"u" * 51 + b'"}', "invalid_value", "unit"),
        (b'{"type":"a b","value":1}', "invalid_value", "type"),
        (b'{"type":"' + b"a" * 101 + b'","value":1}', "invalid_value", "type"),
        (b'{"type":"a","value":1,"at":"yesterday"}', "invalid_time", "at"),
        (b'{"type":"a","value":1,"at":"2026-11-21T00:00:00"}', "invalid_time", "at"),
        (b'{"type":"a","value":1,"at":1e300}', "in_future", "at"),
        (b'{"type":"a","value":1,"at":1e999}', "not_finite", "at"),
        (b'{"type":"a","value":1,"pool":"x"}', "invalid_value", "pool"),
    ],
)
def test_bad_sample_costs_itself_only(agent: Agent, item: bytes, code: str, field: str | None) -> None:
    answer = agent.post("metrics", batch(item))
    assert answer.status_code == 200, answer.text
    [rejected] = answer.json()["rejected"]
    assert (rejected["index"], rejected["code"], rejected["list"]) == (1, code, "samples")
    assert field is None or rejected["field"] == field
    assert [name for name, _, _ in samples_of(agent.node)] == ["good"]


@pytest.mark.parametrize(
    ("call", "body", "code", "index", "field"),
    [
        ("metrics", {"samples": []}, "missing_field", None, "batch_id"),
        ("metrics", {"batch_id": "1"}, "invalid_value", None, "batch_id"),
        ("metrics", {"batch_id": str(uuid4()), "colour": 1}, "unknown_field", None, "colour"),
        ("metrics", {"batch_id": str(uuid4()), "samples": {}}, "invalid_value", None, "samples"),
        ("heartbeat", {}, "missing_field", None, "status"),
        ("heartbeat", {"status": "x" * 51}, "invalid_value", None, "status"),
        ("heartbeat", {"status": "a\0"}, "invalid_text", None, "status"),
        ("heartbeat", {"status": "ok", "usage": {"cpu_percent": "x"}}, "invalid_value", None, "usage.cpu_percent"),
        ("heartbeat", {"status": "ok", "usage": {"speed": 1}}, "unknown_field", None, "speed"),
        ("heartbeat", b'{"status":"ok","status":"bad"}', "repeated_field", None, "status"),
        ("heartbeat", b'{"status":"ok","\\u0000":1}', "invalid_text", None, None),
        ("heartbeat", b"", "malformed_json", None, None),
        ("heartbeat", b"null", "invalid_value", None, None),
        ("heartbeat", DEEP, "too_deep", None, None),
        ("processes", {"processes": [{"pid": 1, "name": "a"}, {"pid": -1, "name": "b"}]}, "invalid_value", 1, "pid"),
        ("processes", {"processes": [{"pid": 2**31, "name": "b"}]}, "invalid_value", 0, "pid"),
        ("processes", {"processes": [{"pid": 1, "name": "\0"}]}, "invalid_text", 0, "name"),
        ("processes", {"processes": [{"pid": 1, "name": "a"}] * 501}, "invalid_value", None, "processes"),
        ("processes", {"processes": [], "at": 1}, "too_old", None, "at"),
    ],
)
def test_bad_body_is_refused_naming_the_field(
    agent: Agent, call: str, body: Any, code: str, index: int | None, field: str | None
) -> None:
    answer = agent.post(call, body)
    found = answer.json()
    assert (answer.status_code, found["code"], found.get("index")) == (400, code, index), answer.text
    assert field is None or found["field"] == field


@pytest.mark.parametrize("pack", [gzip.compress, lambda body: bytes(cramjam.zstd.compress(body))])
@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br"])
def test_packed_body(agent: Agent, pack: Any, encoding: str) -> None:
    packed = pack(b'{"status":"ok"}')
    is_right = packed.startswith(b"\x1f\x8b") == (encoding == "gzip")
    answer = agent.post("heartbeat", packed, headers={"Content-Encoding": encoding})
    assert answer.status_code == (415 if encoding == "br" else 200 if is_right else 400)


def test_large_bodies_are_refused_early(agent: Agent) -> None:
    assert agent.post("metrics", b" " * 10_000_000).json()["code"] == "too_large"
    bomb = gzip.compress(b"0" * 100_000_000)
    assert agent.post("metrics", bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
    too_many = [{"type": "a", "value": 1}] * 10_001
    answer = agent.send(*too_many)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert agent.post("heartbeat", {"status": "ok"}).status_code == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_bombs_leave_the_memory_of_the_process_flat(agent: Agent, door: Portal) -> None:
    process = door.running["ingest"].process.pid
    bombs = {"gzip": gzip.compress(b"0" * 200_000_000, 1), "zstd": bytes(cramjam.zstd.compress(b"0" * 200_000_000))}
    for encoding, bomb in bombs.items():
        agent.post("metrics", bomb, headers={"Content-Encoding": encoding})
    before = peak_memory(process)
    for encoding, bomb in list(bombs.items()) * 5:
        assert agent.post("metrics", bomb, headers={"Content-Encoding": encoding}).status_code == 413
    assert before < 250_000_000
    assert peak_memory(process) - before < 20_000_000


def peak_memory(process: int) -> int:
    """Return the most bytes a process has had in memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_body_without_length_is_cut_at_the_limit(agent: Agent) -> None:
    headers = {"Authorization": f"Bearer {agent.key}"}
    chunks = (b" " * 65536 for _ in range(MOST_BYTES // 65536 + 2))
    answer = httpx.post(f"{agent.url}/api/v1/agent/metrics", content=chunks, headers=headers, timeout=30)
    assert answer.status_code == 413


def test_million_labels_are_refused(agent: Agent) -> None:
    labels = b",".join(b'"%x":""' % n for n in range(600_000))
    answer = agent.post("metrics", batch(b'{"type":"a","value":1,"labels":{' + labels + b"}}"))
    assert answer.status_code == 200
    assert answer.json()["rejected"][0]["field"] == "labels"
    assert series_count(agent.node) == 1


def test_sender_that_hangs_up_leaves_no_trace(agent: Agent, door: Portal) -> None:
    with socket.create_connection(("127.0.0.1", door.ingest_port)) as line:
        head = f"POST /api/v1/agent/metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {agent.key}\r\n"
        line.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert agent.post("heartbeat", {"status": "ok"}).status_code == 200
    assert "Traceback" not in door.running["ingest"].log.read_text()


def test_unknown_addresses_and_methods(agent: Agent) -> None:
    assert agent.post("nothing", {}).json()["code"] == "not_found"
    answer = httpx.get(f"{agent.url}/api/v1/agent/heartbeat")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
