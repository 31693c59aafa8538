"""Decoding: whatever bytes come, the answer is a body, rejections or a refusal that names the place."""

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.errors import Invalid, PortalError, TooLarge
from apps.ingest.decode import HEARTBEAT, METRICS, PROCESSES, decode
from apps.ingest.walk import Walk, path_at

plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
samples = st.fixed_dictionaries(
    {"type": plain, "value": numbers}, optional={"unit": plain, "at": numbers, "labels": st.dictionaries(plain, plain)}
)
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def batch(items: list[Any], **more: Any) -> dict[str, Any]:
    """Return a batch as Python values."""
    return {"batch_id": str(uuid4()), "samples": items, **more}


@given(st.lists(samples, max_size=5), st.booleans(), st.sampled_from([None, 2]))
def test_good_bodies_come_out_as_they_went_in(
    items: list[dict[str, Any]], ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(batch(items), ensure_ascii=ascii_only, indent=indent).encode()
    received = decode(body, METRICS)
    assert received.rejected == []
    assert list(received.places_of("samples")) == list(range(len(items)))
    for item, sample in zip(items, received.body.samples, strict=True):
        assert (sample.type, sample.value, sample.unit) == (item["type"], item["value"], item.get("unit"))
        assert (json.loads(bytes(sample.labels)) or {}) == item.get("labels", {})


@settings(max_examples=300)
@given(st.sampled_from([HEARTBEAT, METRICS, PROCESSES]), anything)
def test_any_json_is_decoded_or_refused(kind: Any, content: Any) -> None:
    _decode_or_refuse(json.dumps(content).encode(), kind)


@settings(max_examples=300)
@given(st.sampled_from([HEARTBEAT, METRICS, PROCESSES]), st.binary())
def test_any_bytes_are_decoded_or_refused(kind: Any, body: bytes) -> None:
    _decode_or_refuse(body, kind)


@settings(max_examples=300)
@given(st.lists(samples, min_size=1, max_size=3), st.data())
def test_a_damaged_body_is_decoded_or_refused(items: list[dict[str, Any]], data: st.DataObject) -> None:
    body = json.dumps(batch(items)).encode()
    at = data.draw(st.integers(0, len(body)))
    gone = data.draw(st.integers(0, 3))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"[", b"\\u0000", b"NaN", b","]))
    _decode_or_refuse(body[:at] + put + body[at + gone :], METRICS)


def _decode_or_refuse(body: bytes, kind: Any) -> None:
    refused = None
    try:
        decode(body, kind)
    except (Invalid, TooLarge) as error:
        refused = msgspec.json.encode(error.as_json()).decode()
    assert refused is None or (refused.isprintable() and len(refused) < 1000)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_each_bad_item_is_rejected_alone(kinds: list[int]) -> None:
    items = [
        b'{"type":"a","value":1}',
        b'{"type":"a"}',
        b"7",
        b'{"type":"\\u0000","value":1}',
        b'{"type":"a","type":"b","value":1}',
    ]
    body = b'{"batch_id":"%s","samples":[%s]}' % (str(uuid4()).encode(), b",".join(items[kind] for kind in kinds))
    received = decode(body, METRICS)
    good = [place for place, kind in enumerate(kinds) if kind == 0]
    assert list(received.places_of("samples")) == good
    assert len(received.body.samples) == len(good)
    assert [one.index for one in received.rejected] == [place for place, kind in enumerate(kinds) if kind]


@pytest.mark.parametrize(
    "body",
    [b'{"status":"ok","status" :"ok"}', b'{"status":"ok","stat\\u0075s":"ok"}', b'{"status":"\\u0022:","status":"ok"}'],
)
def test_repeated_field_is_found_however_it_is_spelled(body: bytes) -> None:
    with pytest.raises(PortalError) as refused:
        decode(body, HEARTBEAT)
    assert (refused.value.code, refused.value.field) == ("repeated_field", "status")


def test_texts_that_only_look_suspicious_are_taken() -> None:
    text = '\\u0000 "status": {" \\ ": '
    assert decode(json.dumps({"status": text}).encode(), HEARTBEAT).body.status == text


@given(anything)
def test_walk_ends_where_it_began(content: Any) -> None:
    assert Walk(json.dumps(content).encode()).path == ()


def test_path_leads_to_the_byte() -> None:
    body = b'{"a":[1,{"b":"x,]}","c":[true,NaN]}]}'
    assert path_at(body, body.index(b"NaN")) == ("a", 1, "c", 1)
    assert path_at(body, body.index(b"x,")) == ("a", 1, "b")


def test_endless_quotes_take_linear_time() -> None:
    assert path_at(b'{"a":"' + b'\\"' * 2_000_000, 4_000_000) == ("a",)
