"""Every answer of the door is one that the OpenAPI document describes, by its status and the type of its content."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from apps.api.views.docs import openapi_document
from apps.core.errors import PortalError
from apps.ingest.errors import NotAllowed, SlowBody
from apps.ingest.foreign.doors import ADDRESSES, BASE
from apps.nodes.models import Node
from tests import database
from tests.ingest.conftest import Agent, epoch
from tests.ingest.foreign_bodies import as_protobuf, otlp, packed, point, remote_write
from tests.processes import Portal

pytestmark = pytest.mark.flow
OWN = tuple(f"{BASE}{call}" for call in ("heartbeat", "metrics", "processes", "login-sessions"))
CALLS = (*OWN, *ADDRESSES)
# What may happen at any address: the rest of what the process answers is said by the document of an address alone.
ANYWHERE = {400, 401, 403, 413, 415, 422, 429, 503}
PROMETHEUS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The answers by address and status."""
    paths = openapi_document()["paths"]
    return {call: paths[call]["post"]["responses"] for call in CALLS}


def good(call: str) -> tuple[bytes, dict[str, str]]:
    """Return a body that is taken, and its headers."""
    at = epoch(-5)
    if "prometheus" in call:
        return packed(remote_write(({"__name__": "a"}, [(1.0, at)]))), PROMETHEUS
    if "otlp" in call:
        body = as_protobuf(otlp({"name": "a", "gauge": {"dataPoints": [point(at, 1.0)]}}))
        return body, {"Content-Type": "application/x-protobuf"}
    if "influx" in call:
        return f"a v=1 {int(at * 1e9)}\n".encode(), {"Content-Type": "text/plain"}
    body: dict[str, Any] = {
        "heartbeat": {"status": "ok", "usage": {"cpu_percent": 1}},
        "metrics": {"batch_id": str(uuid4()), "samples": [{"type": "a", "value": 1, "at": at}]},
        "processes": {"at": at, "processes": [{"pid": 1, "name": "a"}]},
        "login-sessions": {"at": at, "sessions": [{"username": "uma", "login_time": at}]},
    }[call.removeprefix(BASE)]
    request = httpx.Request("POST", "http://x", json=body)
    return request.content, {"Content-Type": "application/json"}


def answers(agent: Agent, call: str) -> Iterator[tuple[str, httpx.Response]]:
    """Return answers to requests that are good, bad in each way, and in bad times."""
    body, headers = good(call)

    def post(content: bytes = body, **more: str) -> httpx.Response:
        return agent.post(call.removeprefix(BASE), content, headers={**headers, **more})

    yield "good", post()
    yield "without a key", post(Authorization="")
    yield "garbage", post(b"\xff" * 100)
    yield "packed in an unknown way", post(**{"Content-Encoding": "br"})
    yield "too large", post(bytes(9 * 1024 * 1024))
    nodes = Node.objects.filter(pk=agent.node.pk)
    with psycopg.connect(database.url()) as locker:
        locker.execute("LOCK TABLE nodes IN ACCESS EXCLUSIVE MODE")
        yield "held up", post(good(call)[0])
    nodes.update(status="pending")
    yield "pending", post()
    nodes.update(status="retired")
    yield "retired", post()


@pytest.mark.parametrize("call", CALLS)
def test_real_answers_are_described(door: Portal, agent: Agent, described: dict[str, Any], call: str) -> None:
    found = list(answers(agent, call))

    for what, answer in found:
        told = described[call].get(str(answer.status_code))
        assert told is not None, (what, answer.status_code, answer.text)
        kinds = set(told.get("content", {}))
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert (not kinds) if answer.status_code == 204 else (kind in kinds), (what, kind, kinds)
    pending = 403 if call in OWN else 503
    statuses = [answer.status_code for _, answer in found]
    assert statuses[0] in (200, 204)
    assert statuses[1:] == [401, statuses[2], 415, 413, 503, pending, 403]


@pytest.mark.parametrize("call", CALLS)
def test_every_refusal_the_door_knows_is_described(described: dict[str, Any], call: str) -> None:
    own = {SlowBody.status, 500} if call in OWN else set()

    assert {int(status) for status in described[call]} - {200, 204} == ANYWHERE | own


def test_there_are_no_other_refusals() -> None:
    # An address that is absent, or asked for in another way, is none of the document's; Conflict is the portal's.
    elsewhere = {404, 409, NotAllowed.status}
    found = {one.status for one in every_kind(PortalError) if one.__module__.startswith(("apps.core", "apps.ingest"))}

    assert found - elsewhere == ANYWHERE | {SlowBody.status}


def every_kind(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    """Return a class and all that are made of it."""
    yield kind
    for more in kind.__subclasses__():
        yield from every_kind(more)
