"""What must not get in, and what the refusal says."""

import gzip
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from apps.core.errors import Invalid
from apps.core.strict_json import parse
from apps.nodes.models import Node
from tests import make, signed_in

SignIn = Callable[[str], Client]

BODIES = [
    (b"", "nothing_to_change", None),
    (b"{", "malformed_json", None),
    (b"[]", "invalid_value", None),
    (b'"text"', "invalid_value", None),
    (b"null", "invalid_value", None),
    (b'{"name": NaN}', "not_finite", "name"),
    (b'{"labels": {"a": Infinity}}', "not_finite", "labels.a"),
    (b'{"silence_grace_seconds": 1e999}', "not_finite", "silence_grace_seconds"),
    (b'{"silence_grace_seconds": 1' + b"0" * 400 + b"}", "not_finite", "silence_grace_seconds"),
    (b'{"name": "a\\u0000b"}', "invalid_text", "name"),
    (b'{"labels": {"a": "\\ud800"}}', "invalid_text", "labels.a"),
    (b'{"a\\u0000": 1}', "invalid_text", "a\\x00"),
    (b'{"name": "\xff"}', "invalid_text", None),
    (b'{"name": "a", "name": "b"}', "repeated_field", "name"),
    (b"[" * 5000 + b"]" * 5000, "too_deep", None),
    (b'{"a":' * 100_000, "too_deep", None),
    (b'{"status": "retired"}', "read_only_field", "status"),
    (b'{"hostname": "other"}', "read_only_field", "hostname"),
    (b'{"colour": "red"}', "unknown_field", "colour"),
    (b'{"name": 5}', "invalid_value", "name"),
    (b'{"heartbeat_interval_seconds": "10"}', "invalid_value", "heartbeat_interval_seconds"),
    (b'{"heartbeat_interval_seconds": true}', "invalid_value", "heartbeat_interval_seconds"),
    (b'{"heartbeat_interval_seconds": 4}', "min_value", "heartbeat_interval_seconds"),
    (b'{"node_type": "toaster"}', "invalid_value", "node_type"),
    (b'{"tags": ["ok", 5]}', "invalid_value", "tags"),
    (b'{"labels": {"1 bad": "x"}}', "invalid_value", "labels"),
    (b'{"labels": {"a": {"b": "c"}}}', "invalid_value", "labels.a"),
    (b'{"name": "' + b"x" * 256 + b'"}', "max_length", "name"),
    (b'{"reason": "only a reason"}', "nothing_to_change", None),
]
QUERIES = [
    ("nodes/?colour=red", "unknown_parameter", "colour"),
    ("nodes/?status=asleep", "invalid_value", "status"),
    ("nodes/?sort=machine_id", "invalid_value", "sort"),
    ("nodes/?limit=0", "min_value", "limit"),
    ("nodes/?limit=1e9", "invalid_value", "limit"),
    ("nodes/?after=garbage", "bad_cursor", "after"),
    ("nodes/?text=a%00b", "null_characters_not_allowed", "text"),
    ("audit/?since=yesterday", "invalid_value", "since"),
    ("audit/?since=0001-01-01T00:00:00Z", "range", "since"),
    ("nodes/{node}/metrics/", "missing_field", "metric"),
    ("nodes/{node}/metrics/?metric=happiness", "invalid_value", "metric"),
    ("nodes/{node}/metrics/?metric=cpu_percent&max_points=1", "min_value", "max_points"),
    ("nodes/{node}/metrics/?metric=cpu_percent&start=2026-02-02T00:00:00Z&end=2026-02-01T00:00:00Z", "bad_span", "end"),
    ("nodes/{node}/metrics/?metric=cpu_percent&start=2001-01-01T00:00:00Z&end=2026-02-01T00:00:00Z", "span_too_long",
     "start"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "field"), BODIES, ids=lambda value: str(value)[:40])
def test_a_bad_body_is_refused_by_name_and_changes_nothing(
    client_as: SignIn, body: bytes, code: str, field: str | None
) -> None:
    node = make.node(name="before")
    answer = client_as("ADMIN").patch(f"/api/v1/nodes/{node.pk}/", data=body, content_type="application/json")
    found = answer.json()
    assert (answer.status_code, found["code"], found.get("field")) == (400, code, field), found
    assert Node.objects.get(pk=node.pk).name == "before"


@pytest.mark.parametrize(("query", "code", "field"), QUERIES)
def test_a_bad_address_is_refused_by_name(client_as: SignIn, query: str, code: str, field: str) -> None:
    answer = client_as("ADMIN").get(f"/api/v1/{query.format(node=make.node().pk)}")
    found = answer.json()
    assert (answer.status_code, found["code"], found["field"]) == (400, code, field), found


def test_every_fault_is_listed(client_as: SignIn) -> None:
    body = {"name": 5, "node_type": "toaster"}
    answer = client_as("ADMIN").patch(f"/api/v1/nodes/{make.node().pk}/", data=body, content_type="application/json")
    assert {fault["field"] for fault in answer.json()["errors"]} == {"name", "node_type"}


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"x" * 2_000_000, "", 413, "too_large"),
        (gzip.compress(b" " * 50_000_000), "gzip", 413, "too_large"),
        (gzip.compress(b"{}")[:-5], "gzip", 400, "bad_encoding"),
        (b"{}", "gzip", 400, "bad_encoding"),
        (b"{}", "br", 415, "unsupported_encoding"),
    ],
    ids=["too large", "a bomb", "cut off", "not packed at all", "packed in an unknown way"],
)
def test_bodies_too_large_or_packed_oddly(
    client_as: SignIn, body: bytes, encoding: str, status: int, code: str
) -> None:
    answer = client_as("ADMIN").patch(
        f"/api/v1/nodes/{make.node().pk}/",
        data=body,
        content_type="application/json",
        headers={"Content-Encoding": encoding} if encoding else None,
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_other_kinds_of_body_are_415(client_as: SignIn, kind: str) -> None:
    node = make.node()
    answer = client_as("ADMIN").patch(f"/api/v1/nodes/{node.pk}/", data=b"name=x", content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_gzipped_body_is_read_to_its_last_member(client_as: SignIn) -> None:
    node, body = make.node(), gzip.compress(b'{"name": "pa') + gzip.compress(b'cked"}')
    client = client_as("ADMIN")
    answer = client.patch(
        f"/api/v1/nodes/{node.pk}/", data=body, content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.json()["name"] == "packed"


def test_absent_things_look_alike_whoever_asks(client_as: SignIn) -> None:
    client, foreign = client_as("ADMIN"), make.key(make.node())
    first = client.get(f"/api/v1/nodes/{uuid4()}/").json()
    assert client.get(f"/api/v1/nodes/{uuid4()}/latest/").json() == first
    node = make.node()
    wrong = {"data": {"reason": "x"}, "content_type": "application/json"}
    absent = client.post(f"/api/v1/nodes/{node.pk}/keys/AAAAAAAAAAAA/revoke/", **wrong)
    others = client.post(f"/api/v1/nodes/{node.pk}/keys/{foreign.row.key_id}/revoke/", **wrong)
    assert (absent.status_code, absent.json()) == (others.status_code, others.json())
    assert client.get("/api/v1/nowhere/").status_code == 404
    assert client.get("/api/v1/nowhere/").json()["code"] == "not_found"


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_without_a_database_the_answer_is_503_and_says_when_to_come_again(
    committed: None, client: Client, is_signed_in: bool
) -> None:
    if is_signed_in:
        signed_in.sign_in(client, make.user())
    client.raise_request_exception = False
    settings = connections["default"].settings_dict
    port = settings["PORT"]
    connections["default"].close()
    settings["PORT"] = "1"
    try:
        answer = client.get("/api/v1/nodes/")
    finally:
        settings["PORT"] = port
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("text", "value"),
    [(b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}), (b'"[[[["', "[[[["), (b"-0.0", 0.0)],
)
def test_good_json_is_read_as_it_is(text: bytes, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'"' * 999_999, b"[]" * 500_000, b"{}," * 300_000])
def test_a_crooked_body_costs_no_time(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        parse(body)
    # A reader that goes back for every bracket takes many minutes for such a megabyte.
    assert time.process_time() - began < 30


def test_the_place_in_a_list_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        parse(b'{"samples": [{"value": 1}, {"value": NaN}]}')
    assert (refusal.value.field, refusal.value.index) == ("samples.value", 1)
