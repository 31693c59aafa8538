"""Remote-write requests, decoded and judged: what becomes a sample, an end of a series, a rejection, or nothing."""

import math
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import PortalError, TooLarge
from apps.ingest.foreign import prometheus
from apps.ingest.foreign.gather import MOST_SAMPLES, Parts
from apps.ingest.foreign.head import Head, UnsupportedType
from apps.ingest.foreign.messages import has_more_fields
from apps.ingest.samples import SeriesKind
from tests.ingest.foreign_bodies import STALE, double, label, metadata, part, remote_write, sample, series, whole

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
SECONDS = NOW.timestamp()
HOUR, DAY = 3600, 86400


def decode(body: bytes) -> Parts:
    return prometheus.decode(body, Head("/write", "", {}, NOW))


def stored(parts: Parts) -> list[tuple[str, str, float, float]]:
    """Return the samples as (name, labels, seconds from now, value)."""
    if parts.samples is None:
        return []
    kept = parts.samples
    rows = zip(kept.of.tolist(), kept.at.tolist(), kept.value.tolist(), strict=True)
    return [(*kept.keys[of][:2], at - SECONDS, value) for of, at, value in rows]


def codes(parts: Parts) -> list[tuple[int, str]]:
    return [(one.index, one.code) for one in parts.rejected]


def refusal_of(body: bytes) -> str | None:
    """Return the code a body is refused with, None when it is taken."""
    try:
        decode(body)
    except PortalError as error:
        return error.code
    return None


def test_labels_become_a_name_and_sorted_json_without_empty_ones() -> None:
    parts = decode(remote_write(({"__name__": "up", "job": "node", "instance": "a:1", "zone": ""}, [(1, SECONDS - 5)])))
    assert stored(parts) == [("up", '{"instance":"a:1","job":"node"}', -5, 1.0)]
    assert (parts.rejected, parts.tolerated) == ([], {})


def test_staleness_marker_ends_the_series_and_is_no_value() -> None:
    parts = decode(remote_write(({"__name__": "up"}, [(1, SECONDS - 5), (STALE, SECONDS)])))
    assert [value for *_, value in stored(parts)] == [1.0]
    assert parts.samples is not None and parts.samples.stale == [(0, SECONDS)]
    assert parts.tolerated == {}


def test_marker_alone_is_worth_storing() -> None:
    parts = decode(remote_write(({"__name__": "up"}, [(STALE, SECONDS)])))
    assert parts.samples is not None and parts.samples.stale == [(0, SECONDS)]
    assert parts.batch_id is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_left_out_and_counted(value: float) -> None:
    parts = decode(remote_write(({"__name__": "ratio"}, [(value, SECONDS), (2, SECONDS)])))
    assert [found for *_, found in stored(parts)] == [2.0]
    assert (parts.rejected, parts.tolerated) == ([], {"not_a_number": 1})


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ([("job", "a"), ("__name__", "up")], "sorted"),
        ([("__name__", "up"), ("a", "1"), ("a", "2")], "sorted"),
        ([("__name__", "up"), ("", "1")], "sorted"),
        ([("job", "a")], "__name__"),
        ([("__name__", "")], "__name__"),
        ([("__name__", "bad name")], "letters"),
        ([("__name__", "n" * 101)], "100"),
        ([("__name__", "up"), ("x", "v" * 256)], "255"),
        ([("__name__", "up"), ("y" * 64, "v")], "63"),
        ([("__name__", "up"), ("x", "a\x00b")], "255"),
        ([("__name__", "up"), *((f"l{n:02}", "v") for n in range(21))], "20"),
        ([("__name__", "up"), *((f"l{n:04}", "v") for n in range(5000))], "20"),
    ],
)
def test_bad_labels_cost_their_series_only(pairs: list[tuple[str, str]], word: str) -> None:
    parts = decode(remote_write((pairs, [(1, SECONDS), (2, SECONDS)]), ({"__name__": "good"}, [(3, SECONDS)])))
    assert [name for name, *_ in stored(parts)] == ["good"]
    assert codes(parts) == [(0, "invalid_value"), (1, "invalid_value")]
    assert word in parts.rejected[0].detail


def test_bytes_that_are_no_text_cost_their_series_only() -> None:
    for text in (b"\xff", "\ud800".encode("utf-8", "surrogatepass")):
        bad = part(1, label("__name__", "up") + label("x", text) + sample(1, SECONDS))
        parts = decode(bad + remote_write(({"__name__": "good"}, [(3, SECONDS)])))
        assert (codes(parts), len(stored(parts))) == ([(0, "invalid_value")], 1)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (-6 * DAY, None),
        (-8 * DAY, "too_old"),
        (4 * 60, None),
        (HOUR, "in_future"),
        (SECONDS * 1000 - SECONDS, "invalid_time"),
        (SECONDS / 1000 - SECONDS, "invalid_time"),
    ],
)
def test_time_window(seconds: float, code: str | None) -> None:
    parts = decode(remote_write(({"__name__": "up"}, [(1, SECONDS + seconds), (STALE, SECONDS + seconds)])))
    assert [found for _, found in codes(parts)] == ([code, code] if code else [])


def test_metadata_tells_kinds_of_all_series_of_a_family() -> None:
    body = metadata("http_requests", 1, "How many.") + metadata("wait_seconds", 3, "How long.", "seconds")
    parts = decode(body + metadata("heap", 2, "x\x00y"))
    found = {one.metric_type: (one.kind, one.unit, one.help) for one in parts.families}
    assert found["http_requests_total"] == (SeriesKind.COUNTER, "", "How many.")
    assert found["wait_seconds_bucket"] == (SeriesKind.COUNTER, "seconds", "How long.")
    assert found["heap"] == (SeriesKind.GAUGE, "", "xy")
    assert parts.batch_id is None, "the same description an hour later is no repeated batch"


def test_native_histograms_are_refused_and_exemplars_not_read() -> None:
    body = part(1, label("__name__", "h") + sample(1, SECONDS) + part(3, b"\x00garbage") + part(4, whole(1, 5)))
    parts = decode(body)
    assert (len(stored(parts)), codes(parts)) == (1, [(1, "native_histogram")])


def test_one_broken_series_costs_itself_only() -> None:
    parts = decode(part(1, b"\x0a\x7f") + remote_write(({"__name__": "good"}, [(3, SECONDS)])))
    assert (len(stored(parts)), codes(parts)) == (1, [(0, "invalid_value")])


def test_more_than_a_request_may_hold() -> None:
    most = [(float(n), SECONDS - n / 100) for n in range(MOST_SAMPLES)]
    assert len(stored(decode(remote_write(({"__name__": "a"}, most))))) == MOST_SAMPLES
    for body in (
        remote_write(({"__name__": "a"}, [*most, (1, SECONDS)])),
        part(1, b"") * (MOST_SAMPLES + 1),
        part(3, b"") * (MOST_SAMPLES + 1),
        part(1, label("__name__", "a") + part(4, b"") * (MOST_SAMPLES + 1)),
    ):
        with pytest.raises(TooLarge):
            decode(body)


def test_series_of_a_million_labels_or_samples_is_refused_unread() -> None:
    for piece in (b"\x0a\x00", b"\x12\x00"):
        parts = decode(part(1, piece * 1_000_000) + remote_write(({"__name__": "good"}, [(3, SECONDS)])))
        assert (len(stored(parts)), codes(parts)) == (1, [(0, "invalid_value")])


def test_same_request_has_the_same_batch_and_another_has_another() -> None:
    one, other = (remote_write(({"__name__": "a"}, [(value, SECONDS)])) for value in (1, 2))
    assert decode(one).batch_id == decode(one).batch_id != decode(other).batch_id


def test_every_bit_of_a_value_survives() -> None:
    bits = struct.unpack("<d", struct.pack("<Q", 0x3FF0000000000001))[0]
    body = part(1, label("__name__", "a") + part(2, double(1, bits) + whole(2, int(SECONDS * 1000))))
    assert stored(decode(body))[0][3] == bits


@given(st.binary(max_size=400))
def test_garbage_gets_a_clear_error_or_is_nothing(body: bytes) -> None:
    assert refusal_of(body) in (None, "bad_protobuf", "too_many_items")


@given(st.data())
def test_cut_requests_get_a_clear_error_or_store_what_is_whole(data: st.DataObject) -> None:
    body = remote_write(*(({"__name__": f"m{n}", "x": "y"}, [(n, SECONDS)]) for n in range(3))) + metadata("m0", 1, "h")
    cut = data.draw(st.integers(0, len(body)))
    refused = refusal_of(body[:cut])
    assert refused in (None, "bad_protobuf")
    assert refused or decode(body[:cut]).rejected == []


names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,30}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
points = st.lists(
    st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(-DAY, 0)), min_size=1, max_size=5
)


@given(
    st.lists(
        st.tuples(
            names,
            st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,30}", fullmatch=True), texts, max_size=4),
            points,
        )
    )
)
def test_what_is_written_is_read(found: list[tuple[str, dict[str, str], list[tuple[float, int]]]]) -> None:
    body = b"".join(
        series({"__name__": name, **labels}, [(value, SECONDS + at) for value, at in values])
        for name, labels, values in found
    )
    parts = decode(body)
    assert parts.rejected == []
    assert [(name, at, value) for name, _, at, value in stored(parts)] == [
        (name, at, value) for name, _, values in found for value, at in values
    ]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-protobuf;proto=io.prometheus.write.v2.Request"],
)
def test_other_contents_are_refused_with_a_word(content_type: str) -> None:
    with pytest.raises(UnsupportedType):
        prometheus.check(Head("/write", "", {b"content-type": content_type.encode()}, NOW))


@pytest.mark.parametrize(
    "content_type", ["", "application/x-protobuf", "application/x-protobuf; proto=prometheus.WriteRequest"]
)
def test_the_first_version_is_taken_however_it_is_named(content_type: str) -> None:
    prometheus.check(Head("/write", "", {b"content-type": content_type.encode()}, NOW))


@pytest.mark.parametrize("fields", [0, 1, 7, 8, 9, 200])
def test_fields_are_counted_without_decoding_them(fields: int) -> None:
    kinds = [whole(1, 2**63), double(2, 1.5), part(1000, b"x" * 300), b"\x1b\x1c", b"\x25aaaa"]
    body = b"".join(kinds[number % 3] for number in range(fields))
    assert [has_more_fields(body, most) for most in (0, 7, 8, 500)] == [fields > most for most in (0, 7, 8, 500)]
    assert has_more_fields(b"".join(kinds) * 2, 11) and not has_more_fields(b"".join(kinds) * 2, 12)


@pytest.mark.parametrize("broken", [b"\xff" * 100, b"\x0a\xff\xff\xff\x0f" + b"x" * 50, b"\x0f" * 50, b"\x09\x00"])
def test_broken_message_is_left_to_the_decoder(broken: bytes) -> None:
    assert not has_more_fields(broken, 1)
