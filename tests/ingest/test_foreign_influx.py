"""Lines of InfluxDB's protocol, decoded and judged."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid, TooLarge
from apps.ingest.foreign import influx
from apps.ingest.foreign.gather import MOST_SAMPLES, Parts
from apps.ingest.foreign.head import Head
from tests.ingest.foreign_bodies import written

NOW = datetime(2030, 5, 17, 12, tzinfo=UTC)
SECONDS = NOW.timestamp()
NS = int(SECONDS * 1e9)


def decode(text: str | bytes, query: str = "") -> Parts:
    body = text if isinstance(text, bytes) else text.encode()
    return influx.decode(body, Head("/api/v1/agent/influx/api/v2/write", query, {}, NOW))


def stored(parts: Parts) -> list[tuple[str, dict[str, str], float, float]]:
    """Return the samples as (name, labels, seconds from now, value)."""
    if parts.samples is None:
        return []
    kept = parts.samples
    rows = zip(kept.of.tolist(), kept.at.tolist(), kept.value.tolist(), strict=True)
    return [
        (kept.keys[of].metric_type, json.loads(kept.keys[of].labels), at - SECONDS, value) for of, at, value in rows
    ]


def test_each_number_of_a_line_is_a_metric() -> None:
    parts = decode(f'cpu,host=a,cpu=cpu0 idle=5.5,n=7i,u=8u,up=true,down=F,state="fine" {NS}\n')
    assert sorted((name, value) for name, _, _, value in stored(parts)) == [
        ("cpu_down", 0.0),
        ("cpu_idle", 5.5),
        ("cpu_n", 7.0),
        ("cpu_u", 8.0),
        ("cpu_up", 1.0),
    ]
    assert stored(parts)[0][1] == {"host": "a", "cpu": "cpu0"}
    assert (parts.rejected, parts.tolerated) == ([], {"text_value": 1})


@pytest.mark.parametrize(
    ("precision", "share"),
    [
        ("", 1e9),
        ("ns", 1e9),
        ("n", 1e9),
        ("us", 1e6),
        ("u", 1e6),
        ("ms", 1e3),
        ("s", 1),
        ("m", 1 / 60),
        ("h", 1 / 3600),
    ],
)
def test_precision(precision: str, share: float) -> None:
    parts = decode(f"m v=1 {int(SECONDS * share)}", f"precision={precision}" if precision else "")
    assert stored(parts) == [("m_v", {}, 0.0, 1.0)]


@pytest.mark.parametrize(("check", "bad"), [(influx.check_second, "m"), (influx.check_first, "days")])
def test_unknown_precision_is_refused(check: object, bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(Head("/x", f"precision={bad}", {}, NOW))  # type: ignore[operator]
    assert refused.value.field == "precision"


@pytest.mark.parametrize("query", ["u=me&p=secret", "db=x&p=1"])
def test_key_in_the_address_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refused:
        influx.check_first(Head("/x", query, {}, NOW))
    assert refused.value.code == "key_in_address"
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    "bad",
    [
        "cpu",
        "cpu v=",
        "cpu v=1 2 3",
        "cpu,host v=1",
        'cpu v="open',
        "cpu v=NaN",
        "cpu v=1e999",
        "cpu v=99999999999999999999i",
        "cpu v=1\x00",
        b"cpu v=1,x=\xff 5",
        "cpu,a=" + "x" * 300 + " v=1",
        "m" * 101 + " v=1",
        "cpu,a\\ b=1,a_b=2 v=1",
        "cpu,x=" + "y" * 70_000 + " v=1",
    ],
)
def test_bad_line_costs_itself_only_and_is_named(bad: str | bytes) -> None:
    raw = bad if isinstance(bad, bytes) else bad.encode()
    parts = decode(f"a v=1 {NS}\n# note\n\n".encode() + raw + f"\nb v=2 {NS}\r\n".encode())
    assert [name for name, *_ in stored(parts)] == ["a_v", "b_v"]
    assert [one.index for one in parts.rejected] == [4]
    reply = influx.accepted(written(parts.rejected), parts, Head("/influx/api/v2/write", "", {}, NOW))
    assert (reply.status, json.loads(reply.body)["line"]) == (400, 4)


def test_text_with_line_breaks_is_one_line() -> None:
    parts = decode(f'a s="one\ntwo \\"three",v=1 {NS}\nb v=2 {NS}')
    assert [name for name, *_ in stored(parts)] == ["a_v", "b_v"]
    assert parts.rejected == []


def test_quote_in_a_tag_swallows_no_other_line() -> None:
    assert len(stored(decode(f'a,t=5" v=1 {NS}\nb,t=6" v=2 {NS}'))) == 2


def test_names_lose_what_names_do_not_have() -> None:
    [(name, labels, _, _)] = stored(decode(f"disk\\ io,my\\ tag=a\\ b,ü=1 größe=1 {NS}"))
    assert (name, labels) == ("disk_io_gr__e", {"my_tag": "a b", "_": "1"})


def test_lines_without_time_are_of_now_and_never_a_repeated_batch() -> None:
    timed, untimed = decode(f"m v=1 {NS}"), decode("m v=1")
    assert stored(untimed) == [("m_v", {}, 0.0, 1.0)]
    assert timed.batch_id is not None and untimed.batch_id is None
    assert decode(f"m v=1 {int(SECONDS)}", "precision=s").batch_id != decode(f"m v=1 {int(SECONDS)}").batch_id


def test_milliseconds_for_nanoseconds_are_recognised() -> None:
    [rejected] = decode(f"m v=1 {int(SECONDS * 1000)}").rejected
    assert (rejected.code, "milliseconds" in rejected.detail) == ("invalid_time", True)


def test_more_than_a_request_may_hold() -> None:
    with pytest.raises(TooLarge):
        decode(f"m v=1 {NS}\n" * (MOST_SAMPLES + 1))
    with pytest.raises(TooLarge):
        decode("x\n" * (MOST_SAMPLES + 1))


@given(st.binary(max_size=300))
def test_garbage_never_raises_anything_but_an_answer(body: bytes) -> None:
    for precision in ("", "s"):
        parts = decode(body, f"precision={precision}")
        assert all(one.code and one.index for one in parts.rejected)


words = st.text("ab,= \\é", min_size=1, max_size=8).filter(lambda text: not text.endswith("\\"))


@given(st.dictionaries(words, words, max_size=3), st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_is_read(tags: dict[str, str], value: float) -> None:
    def escaped(text: str) -> str:
        return "".join(f"\\{letter}" if letter in ",= " else letter for letter in text)

    line = "".join(["m", *(f",{escaped(name)}={escaped(text)}" for name, text in sorted(tags.items()))])
    parts = decode(f"{line} v={value!r} {NS}")
    if not parts.rejected:
        [(name, labels, _, found)] = stored(parts)
        assert (name, found, sorted(labels.values())) == ("m_v", value, sorted(tags.values()))
