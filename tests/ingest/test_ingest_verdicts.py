"""The rules of samples, vitals, labels and times, on plain values."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest.faults import Fault
from apps.ingest.labels import LONGEST_TEXT, labels_of
from apps.ingest.shapes import Sample, Usage
from apps.ingest.verdicts import (
    NEWEST,
    OLDEST,
    bounds,
    clock_skew,
    judge_instant,
    judge_sample,
    judge_usage,
)
from apps.metrics.vitals import VITALS

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC).timestamp()
numbers = st.floats() | st.floats(NOW - 2 * OLDEST, NOW + 2 * OLDEST)


def code(verdict: object) -> str | None:
    """Return the code of a fault, None for anything that was taken."""
    return verdict.code if isinstance(verdict, Fault) else None


@given(numbers)
def test_instant_is_taken_exactly_within_the_window(at: float) -> None:
    verdict = judge_instant(at, NOW)
    is_inside = math.isfinite(at) and NOW - OLDEST <= at <= NOW + NEWEST
    assert (verdict == at) is is_inside
    assert isinstance(verdict, Fault) is not is_inside


@given(st.text())
def test_any_text_as_time_is_judged(at: str) -> None:
    assert isinstance(judge_instant(at, NOW), Fault | float)


@given(st.timedeltas(timedelta(days=-7), timedelta(minutes=5)), st.sampled_from([-11, 0, 5.5, 14]))
def test_rfc3339_time_is_its_instant(distance: timedelta, zone: float) -> None:
    moment = datetime.fromtimestamp(NOW, UTC) + distance
    text = (moment + timedelta(hours=zone)).replace(tzinfo=None).isoformat() + _offset(zone)
    assert judge_instant(text, NOW) == moment.timestamp()


def _offset(hours: float) -> str:
    minutes = round(abs(hours) * 60)
    return f"{'-' if hours < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, None),
        ("2026-03-29T01:30:00Z", None),
        (NOW - OLDEST - 1, "too_old"),
        (NOW + NEWEST + 1, "in_future"),
        (NOW * 1000, "invalid_time"),
        ((NOW - 86400) * 1000, "invalid_time"),
        ("0001-01-01T00:00:00+23:59", "too_old"),
        ("9999-12-31T23:59:59-23:59", "in_future"),
        ("2026-03-29T01:30:00", "invalid_time"),
        (-1e300, "too_old"),
        (math.inf, "invalid_time"),
    ],
)
def test_times(at: str | float | None, expected: str | None) -> None:
    assert code(judge_instant(at, NOW)) == expected


@given(st.sampled_from(sorted(VITALS)), st.floats(allow_nan=False))
def test_vital_is_taken_exactly_within_its_bounds(name: str, value: float) -> None:
    lowest, highest = bounds(name)
    verdict = judge_usage(Usage(**{name: value}), NOW)
    assert isinstance(verdict, Fault) is not (lowest <= value <= highest)
    if not isinstance(verdict, Fault):
        assert verdict[name] in (value, 0)


def test_vitals_on_the_wire_are_the_catalogue_and_two_more() -> None:
    assert set(Usage.__struct_fields__) == {*VITALS, "at", "cpu_per_core", "uptime_seconds"}


@pytest.mark.parametrize(
    ("cores", "is_good"),
    [(b"[]", False), (b"[0,100.0]", True), (b"[101]", False), (b"[-1]", False), (b"{}", False), (b"[" * 3000, False)],
)
def test_cores_are_percents(cores: bytes, is_good: bool) -> None:
    verdict = judge_usage(Usage(cpu_per_core=msgspec.Raw(cores)), NOW)
    assert isinstance(verdict, Fault) is not (is_good or cores == b"[]")


def test_vitals_without_a_vital_are_refused() -> None:
    assert code(judge_usage(Usage(at=NOW), NOW)) == "invalid_value"


@pytest.mark.parametrize("name", ["a", "_x:y.z/w-1", "A" * 100])
def test_good_names(name: str) -> None:
    assert code(judge_sample(Sample(type=name, value=1), NOW)) is None


@pytest.mark.parametrize("name", ["", "1a", "a b", "é", "a\n", "A" * 101])
def test_bad_names(name: str) -> None:
    assert judge_sample(Sample(type=name, value=1), NOW).field == "type"  # type: ignore[union-attr]


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))))
def test_labels_are_taken_as_they_are_or_refused(labels: dict[str, str]) -> None:
    verdict = labels_of(msgspec.json.encode(labels))
    if isinstance(verdict, Fault):
        assert verdict.field == "labels"
    else:
        assert msgspec.json.decode(verdict) == labels
        assert "\\u0000" not in verdict.replace("\\\\", "")
        assert len(verdict.encode()) <= LONGEST_TEXT


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b'{"a":"1","a":"2"}',
        b'{"a":1}',
        b'{"a":{"b":"c"}}',
        b'{"":"x"}',
        b"[]",
        b'{"a":"' + b"x" * 256 + b'"}',
        msgspec.json.encode({f"l{n}": "" for n in range(21)}),
        b'{"a":' + b"[" * 3000,
    ],
)
def test_bad_labels(raw: bytes) -> None:
    assert isinstance(labels_of(raw), Fault)


@given(numbers | st.text() | st.none())
def test_clock_skew_is_finite_or_unknown(at: Any) -> None:
    skew = clock_skew(at, NOW)
    assert skew is None or math.isfinite(skew)


def test_clock_ahead_counts_positive() -> None:
    assert clock_skew(NOW + 5, NOW) == 5
    assert clock_skew(None, NOW) is None
