"""OpenTelemetry's requests, decoded and judged, in both encodings."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import PortalError, TooLarge
from apps.ingest.foreign import otlp as protocol
from apps.ingest.foreign.gather import MOST_SAMPLES, Parts
from apps.ingest.foreign.head import Head
from apps.ingest.samples import SeriesKind
from tests.ingest.foreign_bodies import as_protobuf, otlp, part, point, written

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
SECONDS = NOW.timestamp()
JSON = Head("/m", "", {b"content-type": b"application/json"}, NOW)
PROTOBUF = Head("/m", "", {b"content-type": b"application/x-protobuf"}, NOW)
HISTOGRAM = {"count": "6", "sum": 9.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 10]}


def both(request: dict[str, Any]) -> Parts:
    """Decode a request in both encodings, which must say the same."""
    found = protocol.decode(as_protobuf(request), PROTOBUF)
    from_json = protocol.decode(json.dumps(request).encode(), JSON)
    assert rows(found) == rows(from_json)
    assert found.rejected == from_json.rejected
    return found


def refusal_of(body: bytes, head: Head) -> str | None:
    """Return the code a body is refused with, None when it is taken."""
    try:
        protocol.decode(body, head)
    except PortalError as error:
        return error.code
    return None


def rows(parts: Parts) -> list[tuple[str, dict[str, str], SeriesKind, float]]:
    """Return the samples as (name, labels, kind, value)."""
    if parts.samples is None:
        return []
    kept = parts.samples
    return [
        (kept.keys[of].metric_type, json.loads(kept.keys[of].labels), kept.kinds[of], value)
        for of, value in zip(kept.of.tolist(), kept.value.tolist(), strict=True)
    ]


def gauge(*points: dict[str, Any], name: str = "g", **more: Any) -> dict[str, Any]:
    return {"name": name, "gauge": {"dataPoints": list(points)}, **more}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"aggregationTemporality": 2, "isMonotonic": True}, SeriesKind.COUNTER),
        ({"aggregationTemporality": 2}, SeriesKind.GAUGE),
        ({"aggregationTemporality": 1, "isMonotonic": True}, SeriesKind.DELTA),
        ({"aggregationTemporality": 1}, SeriesKind.DELTA),
    ],
)
def test_sums_are_read_by_their_temporality(fields: dict[str, Any], kind: SeriesKind) -> None:
    parts = both(otlp({"name": "s", "unit": "By", "sum": {"dataPoints": [point(SECONDS, 7)], **fields}}))
    assert rows(parts) == [("s", {}, kind, 7.0)]
    assert [(one.metric_type, one.kind, one.unit) for one in parts.families] == [("s", kind, "By")]


def test_sum_that_does_not_say_its_temporality_is_refused() -> None:
    parts = both(otlp({"name": "s", "sum": {"dataPoints": [point(SECONDS, 7)]}}))
    assert [(one.index, one.code) for one in parts.rejected] == [(0, "invalid_value")]


@pytest.mark.parametrize(("temporality", "kind"), [(1, SeriesKind.DELTA), (2, SeriesKind.COUNTER)])
def test_histogram_becomes_the_series_prometheus_would_have(temporality: int, kind: SeriesKind) -> None:
    data = {"aggregationTemporality": temporality, "dataPoints": [point(SECONDS, labels={"path": "/"}, **HISTOGRAM)]}
    parts = both(otlp({"name": "wait", "histogram": data}))
    assert rows(parts) == [
        ("wait_count", {"path": "/"}, kind, 6.0),
        ("wait_sum", {"path": "/"}, kind, 9.5),
        ("wait_bucket", {"path": "/", "le": "0.5"}, kind, 1.0),
        ("wait_bucket", {"path": "/", "le": "10"}, kind, 3.0),
        ("wait_bucket", {"path": "/", "le": "+Inf"}, kind, 6.0),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {**HISTOGRAM, "bucketCounts": ["1"]},
        {**HISTOGRAM, "explicitBounds": [10, 0.5]},
        {**HISTOGRAM, "explicitBounds": [0.5, "NaN"]},
    ],
)
def test_histogram_that_contradicts_itself_is_refused(fields: dict[str, Any]) -> None:
    data = {"aggregationTemporality": 2, "dataPoints": [point(SECONDS, **fields)]}
    assert [one.code for one in both(otlp({"name": "h", "histogram": data})).rejected] == ["invalid_value"]


def test_summary_becomes_a_series_a_quantile() -> None:
    quantiles = [{"quantile": 0.5, "value": 3}, {"quantile": 0.99, "value": 8}]
    data = {"dataPoints": [point(SECONDS, count="4", sum=12.0, quantileValues=quantiles)]}
    assert rows(both(otlp({"name": "q", "summary": data}))) == [
        ("q_count", {}, SeriesKind.COUNTER, 4.0),
        ("q_sum", {}, SeriesKind.COUNTER, 12.0),
        ("q", {"quantile": "0.5"}, SeriesKind.GAUGE, 3.0),
        ("q", {"quantile": "0.99"}, SeriesKind.GAUGE, 8.0),
    ]


def test_exponential_histograms_are_counted_as_refused_and_others_stored() -> None:
    points = [{"timeUnixNano": "5", "count": "1"}, {"timeUnixNano": "6", "count": "1"}]
    exponential = {"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": points}}
    parts = both(otlp(exponential, gauge(point(SECONDS, 1.5))))
    assert len(rows(parts)) == 1
    assert [(one.index, one.code) for one in parts.rejected] == [(n, "exponential_histogram") for n in (0, 1)]
    reply = protocol.accepted(written(parts.rejected), parts, JSON)
    assert (reply.status, json.loads(reply.body)["partialSuccess"]["rejectedDataPoints"]) == (200, "2")


def test_resource_names_the_sender_and_the_point_goes_before_it() -> None:
    told = {"service_name": "shop", "host_name": "web-1", "process_pid": 7, "service_instance_id": "i"}
    request = otlp(gauge(point(SECONDS, 1.0, labels={"a b": "x", "host.name": "own", "1st": True, "n": 5})), **told)
    [(_, labels, _, _)] = rows(both(request))
    assert labels == {
        "service.name": "shop",
        "service.instance.id": "i",
        "host.name": "own",
        "a_b": "x",
        "_1st": "true",
        "n": "5",
    }


def test_names_keep_their_dots_and_lose_what_names_do_not_have() -> None:
    parts = both(otlp(gauge(point(SECONDS, 1.0), name="system.cpu time%"), gauge(point(SECONDS, 1.0), name="")))
    assert [name for name, *_ in rows(parts)] == ["system.cpu_time_"]
    assert [one.index for one in parts.rejected] == [1]


def test_no_recorded_value_ends_the_series() -> None:
    parts = both(otlp(gauge(point(SECONDS, flags=1))))
    assert parts.samples is not None and (len(parts.samples), parts.samples.stale) == (0, [(0, SECONDS)])
    assert parts.rejected == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (point(SECONDS), "invalid_value"),
        (point(0, 1.0), "invalid_time"),
        (point(SECONDS / 1e6, 1.0), "invalid_time"),
        (point(SECONDS - 8 * 86400, 1.0), "too_old"),
        (point(SECONDS + 3600, 1.0), "in_future"),
        (point(SECONDS, 1.0, labels={f"l{n}": "x" for n in range(21)}), "invalid_value"),
        (point(SECONDS, 1.0, labels={"x": "a\x00b"}), "invalid_value"),
        (point(SECONDS, 1.0, attributes=[{"key": "a", "value": {"arrayValue": {}}}]), "invalid_value"),
    ],
)
def test_one_bad_point_costs_itself_only(bad: dict[str, Any], code: str) -> None:
    parts = both(otlp(gauge(point(SECONDS, 1.0), bad, point(SECONDS - 1, 2.0))))
    assert [value for *_, value in rows(parts)] == [1.0, 2.0]
    assert [(one.index, one.code) for one in parts.rejected] == [(1, code)]


def test_what_is_no_number_is_left_out_and_counted() -> None:
    parts = both(otlp(gauge(point(SECONDS, asDouble="NaN"), point(SECONDS, asDouble="-Infinity"))))
    assert (rows(parts), parts.rejected, parts.tolerated) == ([], [], {"not_a_number": 2})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"resourceMetrics": 5}',
        b'{"resourceMetrics": [{"scopeMetrics": "x"}]}',
        b'{"resourceMetrics":' + b"[" * 20_000,
        b'{"resourceMetrics":[{"schemaUrl":"\\ud800"}]}',
        b"\xff\xfe",
        b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"asInt":1e400}]}}]}]}]}',
    ],
)
def test_json_that_is_none_gets_a_clear_error(body: bytes) -> None:
    with pytest.raises(PortalError) as refused:
        protocol.decode(body, JSON)
    assert (refused.value.status, refused.value.code) == (400, "bad_json")


def test_unknown_fields_and_ids_in_both_spellings_are_tolerated() -> None:
    exemplars = [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "7uEbGcQNvFU=", "asDouble": 1}]
    request = otlp(gauge(point(SECONDS, 1.0, exemplars=exemplars)))
    request["newer"] = {"than": "this"}
    assert len(rows(protocol.decode(json.dumps(request).encode(), JSON))) == 1


def test_more_than_a_request_may_hold() -> None:
    point_bytes = part(1, part(2, part(2, part(5, part(1, b"") * (MOST_SAMPLES + 1)))))
    for body in (part(1, b"") * (MOST_SAMPLES + 1), point_bytes, part(1, part(1, b"x" * 70_000))):
        with pytest.raises(TooLarge):
            protocol.decode(body, PROTOBUF)
    with pytest.raises(TooLarge):
        protocol.decode(b'{"resourceMetrics":[' + b"{}," * 500_000 + b"{}]}", JSON)


def test_point_of_many_attributes_is_refused_unread() -> None:
    points = part(1, b"\x3a\x00" * 500_000)
    parts = protocol.decode(part(1, part(2, part(2, part(1, b"m") + part(5, points)))), PROTOBUF)
    assert [one.code for one in parts.rejected] == ["invalid_value"]


@given(st.binary(max_size=300))
def test_garbage_gets_a_clear_error_or_is_nothing(body: bytes) -> None:
    assert refusal_of(body, PROTOBUF) in (None, "bad_protobuf")
    assert refusal_of(body, JSON) in (None, "bad_json")


@given(st.data())
def test_cut_requests_get_a_clear_error_or_refuse_points(data: st.DataObject) -> None:
    histogram = {"aggregationTemporality": 2, "dataPoints": [point(SECONDS, labels={"a": "b"}, **HISTOGRAM)]}
    body = as_protobuf(otlp({"name": "h", "histogram": histogram}, gauge(point(SECONDS, 2)), service_name="x"))
    assert refusal_of(body[: data.draw(st.integers(0, len(body)))], PROTOBUF) in (None, "bad_protobuf")


values = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
keys = st.from_regex(r"[a-z_][a-z0-9_.]{0,20}", fullmatch=True)


@given(st.lists(st.tuples(keys, st.dictionaries(keys, st.text("aä€😀", min_size=1, max_size=9), max_size=4), values)))
def test_what_is_written_is_read(found: list[tuple[str, dict[str, str], float]]) -> None:
    parts = both(otlp(*(gauge(point(SECONDS, value, labels=labels), name=name) for name, labels, value in found)))
    assert [(name, labels, value) for name, labels, _, value in rows(parts)] == [
        (name, labels, float(value)) for name, labels, value in found
    ]
