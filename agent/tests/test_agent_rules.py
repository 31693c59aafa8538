"""What answers mean and how long to wait."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omega_agent.rules import (
    Action,
    backoff_delay,
    beat_after,
    clamp_interval,
    clock_skew,
    judge,
    parse_retry_after,
    retry_after_delay,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "action", "code"),
    [
        (200, {}, Action.DONE, "ok"),
        (201, {"key": "x"}, Action.DONE, "ok"),
        (200, None, Action.RETRY, "not_json"),
        (200, ["page"], Action.RETRY, "not_json"),
        (302, None, Action.RETRY, "http_302"),
        (400, {"code": "malformed"}, Action.QUARANTINE, "malformed"),
        (409, {}, Action.QUARANTINE, "http_409"),
        (422, {"code": "invalid"}, Action.QUARANTINE, "invalid"),
        (413, {"code": "too_large"}, Action.SPLIT, "too_large"),
        (401, {"code": "invalid_key"}, Action.KEY_REFUSED, "invalid_key"),
        (403, {"code": "node_pending"}, Action.PENDING, "node_pending"),
        (403, {"code": "node_retired"}, Action.FORBIDDEN, "node_retired"),
        (403, None, Action.FORBIDDEN, "http_403"),
        (404, None, Action.RETRY, "http_404"),
        (429, {"code": "rate_limited"}, Action.RETRY, "rate_limited"),
        (500, None, Action.RETRY, "http_500"),
        (503, {"code": 7}, Action.RETRY, "http_503"),
        (None, None, Action.RETRY, "network"),
    ],
)
def test_answer_means_one_action(status: int | None, body: Any, action: Action, code: str) -> None:
    verdict = judge(status, {}, body, NOW)
    assert (verdict.action, verdict.code) == (action, code)


@pytest.mark.parametrize(("status", "expected"), [(429, 7.0), (503, 7.0), (500, None), (401, None)])
def test_retry_after_counts_only_where_the_server_may_ask_for_it(status: int, expected: float | None) -> None:
    assert judge(status, {"retry-after": "7"}, None, NOW).retry_after == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("-3", 0.0),
        ("0.5", 0.5),
        ("120", 120.0),
        ("86400", 300.0),
        ("inf", 300.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:00:30", None),
    ],
)
def test_retry_after_header_gives_bounded_seconds(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@given(attempt=st.integers(0, 10_000), share=st.floats(0, 1))
def test_backoff_stays_between_zero_and_the_doubling_ceiling(attempt: int, share: float) -> None:
    delay = backoff_delay(attempt, 1.0, 60.0, lambda low, high: low + share * (high - low))
    assert 0 <= delay <= min(60.0, 2.0 ** min(attempt, 6))


def test_backoff_uses_the_full_range() -> None:
    ceilings = [backoff_delay(attempt, 1.0, 60.0, lambda low, high: high) for attempt in range(8)]
    assert ceilings == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff_delay(5, 1.0, 60.0, lambda low, high: low) == 0


@given(asked=st.floats(0, 300), share=st.floats(0, 1))
def test_retry_after_is_never_cut_short(asked: float, share: float) -> None:
    delay = retry_after_delay(asked, lambda low, high: low + share * (high - low))
    assert asked <= delay <= 2 * asked + 1


@pytest.mark.parametrize(
    ("wanted", "configured", "interval"),
    [
        (30, 10.0, 30.0),
        (1, 10.0, 5.0),
        (1, 0.2, 1.0),
        (0, 0.2, 0.2),
        (9999, 10.0, 300.0),
        ("30", 10.0, 10.0),
        (True, 10.0, 10.0),
        (float("nan"), 10.0, 10.0),
        (10**400, 10.0, 10.0),
        (None, 10.0, 10.0),
    ],
)
def test_next_in_seconds_is_obeyed_within_bounds(wanted: object, configured: float, interval: float) -> None:
    assert clamp_interval(wanted, configured) == interval


@given(due=st.floats(0, 1e6), late=st.floats(0, 1e5), interval=st.floats(0.2, 300))
def test_beat_after_a_gap_brings_no_burst(due: float, late: float, interval: float) -> None:
    now = due + late
    following = beat_after(due, now, interval) + interval
    assert following > now - 1e-6
    assert following <= now + interval


@pytest.mark.parametrize(
    ("server_time", "skew"),
    [
        (1000.0, 1.0),
        ("1970-01-01T00:16:40Z", 1.0),
        ("1970-01-01T00:16:40", None),
        ("noon", None),
        (None, None),
        (True, None),
        (float("inf"), None),
    ],
)
def test_clock_skew_is_measured_at_the_middle_of_the_request(server_time: object, skew: float | None) -> None:
    assert clock_skew(server_time, sent_at=1000.0, answered_at=1002.0) == skew
