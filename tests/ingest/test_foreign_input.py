"""What must not get through the doors of foreign collectors: it gets a clear answer, in flat memory, never a 500."""

import gzip
from typing import Any

import cramjam
import httpx
import psutil
import pytest

from apps.ingest.body import MOST_BYTES
from tests import make
from tests.ingest.conftest import Agent, epoch
from tests.ingest.foreign_bodies import PROMETHEUS_HEADERS, as_protobuf, label, otlp, packed, part, point, remote_write
from tests.ingest.stored import samples_of
from tests.processes import Portal

pytestmark = [pytest.mark.flow, pytest.mark.data_layer]
PROMETHEUS, OTLP, INFLUX = "prometheus/write", "otlp/v1/metrics", "influx/api/v2/write"
TYPES = {PROMETHEUS: "application/x-protobuf", OTLP: "application/x-protobuf", INFLUX: "text/plain"}
CALLS = list(TYPES)
MEGABYTE = 1024 * 1024


def send(agent: Agent, call: str, body: bytes, encoding: str = "", **headers: str) -> httpx.Response:
    told = {"Content-Type": TYPES[call], **({"Content-Encoding": encoding} if encoding else {}), **headers}
    return agent.post(call, body, headers=told)


def good(call: str) -> bytes:
    """Return a body of one sample."""
    at = epoch(-5)
    return {
        PROMETHEUS: remote_write(({"__name__": "a"}, [(1.0, at)])),
        OTLP: as_protobuf(otlp({"name": "a", "gauge": {"dataPoints": [point(at, 1.0)]}})),
        INFLUX: f"a v=1 {int(at * 1e9)}\n".encode(),
    }[call]


PACKERS: dict[str, Any] = {
    "": bytes,
    "gzip": gzip.compress,
    "zstd": lambda body: bytes(cramjam.zstd.compress(body)),
    "snappy": packed,
}


@pytest.mark.parametrize("call", CALLS)
def test_every_packing_is_unpacked(agent: Agent, call: str) -> None:
    body = good(call)
    answers = [send(agent, call, pack(body), encoding).status_code for encoding, pack in PACKERS.items()]
    assert answers == [200 if call == OTLP else 204] * len(PACKERS)
    assert len(samples_of(agent.node)) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("snappy", b"\xff\xff\xff\xff\x0f" + b"x" * 100, 413),
        ("snappy", packed(bytes(MOST_BYTES + 1)), 413),
        ("snappy", b"\xff" * 12, 400),
        ("gzip", gzip.compress(bytes(64 * MEGABYTE)), 413),
        ("gzip", b"garbage", 400),
        ("zstd", bytes(cramjam.zstd.compress(bytes(64 * MEGABYTE))), 413),
        ("zstd", b"garbage", 400),
        ("br", b"garbage", 415),
        ("", bytes(MOST_BYTES + 1), 413),
    ],
    ids=[
        "snappy claims 4 GiB",
        "snappy too long",
        "snappy broken",
        "gzip bomb",
        "gzip broken",
        "zstd bomb",
        "zstd broken",
        "unknown packing",
        "plain too long",
    ],
)
def test_bombs_and_broken_packings_are_refused(
    agent: Agent, call: str, encoding: str, body: bytes, status: int
) -> None:
    assert send(agent, call, body, encoding).status_code == status


def test_memory_stays_flat_under_bodies_of_a_million_pieces(agent: Agent, door: Portal) -> None:
    process = psutil.Process(door.running["ingest"].process.pid)
    send(agent, PROMETHEUS, good(PROMETHEUS))
    before = process.memory_info().rss
    bodies = [
        (PROMETHEUS, part(1, label("__name__", "a") + b"\x0a\x00" * 4_000_000)),
        (PROMETHEUS, part(1, label("__name__", "a") + b"\x12\x00" * 4_000_000)),
        (PROMETHEUS, b"\x0a\x00" * 4_000_000),
        (OTLP, b"\x0a\x00" * 4_000_000),
        (OTLP, part(1, part(2, part(2, part(5, b"\x0a\x00" * 4_000_000))))),
        (INFLUX, b"a v=1\n" * 1_000_000),
        (INFLUX, b"\n" * 4_000_000),
    ]
    answers = {send(agent, call, gzip.compress(body), "gzip").status_code for call, body in bodies}
    assert answers <= {400, 413}
    assert (process.memory_info().rss - before) / MEGABYTE < 200
    assert send(agent, PROMETHEUS, good(PROMETHEUS)).status_code == 204


def test_json_of_a_million_lists_is_refused_before_it_is_read(agent: Agent) -> None:
    flood = b'{"resourceMetrics":[' + b"[]," * 200_000 + b"{}]}"
    answer = send(agent, OTLP, gzip.compress(flood), "gzip", **{"Content-Type": "application/json"})
    assert (answer.status_code, "objects and lists" in answer.json()["message"]) == (413, True)


@pytest.mark.parametrize("call", CALLS)
def test_keys_of_people_and_of_nobody_open_nothing(agent: Agent, call: str) -> None:
    for authorization in ("", "Bearer", "Bearer " + "x" * 5000, f"Bearer {agent.key[:-1]}!", "Digest a=b"):
        assert send(agent, call, good(call), Authorization=authorization).status_code == 401
    assert samples_of(agent.node) == []


@pytest.mark.parametrize("call", CALLS)
def test_other_methods_and_addresses_are_not_there(agent: Agent, call: str) -> None:
    url = f"{agent.url}/api/v1/agent/{call}"
    answer = httpx.get(url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert httpx.post(f"{url}/more").status_code == 404


@pytest.mark.parametrize("call", CALLS)
def test_node_nobody_approved_is_heard_and_stores_nothing(door: Portal, committed: None, call: str) -> None:
    node = make.node(status="pending", last_heartbeat=None, silent_after=None)
    agent = Agent(door.ingest_url, node, make.key(node).text)
    answer = send(agent, call, good(call))
    assert (answer.status_code, b"node_pending" in answer.content) == (503, True), "its collector must not drop it"
    assert int(answer.headers["retry-after"]) > 0
    assert samples_of(node) == []


def test_remote_write_of_the_second_version_is_refused_with_a_word(agent: Agent) -> None:
    content_type = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
    answer = agent.post(PROMETHEUS, b"x", headers={**PROMETHEUS_HEADERS, "Content-Type": content_type})
    assert (answer.status_code, "1.0" in answer.text) == (415, True)


def test_partly_bad_request_is_stored_as_far_as_it_goes_and_always_answered_alike(agent: Agent) -> None:
    at = epoch(-5)
    body = packed(
        remote_write(({"__name__": "a"}, [(1, at)]), ({"__name__": "b c"}, [(1, at)]), ({"__name__": "d"}, [(1, 5)]))
    )
    answers = [agent.post("prometheus/api/v1/write", body, headers=PROMETHEUS_HEADERS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].text == answers[1].text
    assert answers[0].text.startswith("2 of 3 samples were not taken: 1 x ")
    assert answers[0].headers["content-type"].startswith("text/plain")
    assert [name for name, *_ in samples_of(agent.node)] == ["a"]
