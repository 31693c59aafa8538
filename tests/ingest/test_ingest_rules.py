"""The small rules of the door: rates, addresses, continuity."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Throttled
from apps.ingest.address import client_address, is_allowed
from apps.ingest.limits import Limits
from apps.ingest.pulse import Continuity

START = datetime(2026, 1, 1, tzinfo=UTC)


def spent(limits: Limits, who: bytes, *moments: float) -> list[int]:
    """Return the wait in seconds each request was told, 0 for one that was let through."""
    waits = []
    for moment in moments:
        try:
            limits.spend(who, moment)
            waits.append(0)
        except Throttled as error:
            waits.append(error.retry_after)
    return waits


def test_burst_is_let_through_then_the_rate_holds() -> None:
    limits = Limits(a_second=2, burst=3)
    assert spent(limits, b"a", 0, 0, 0, 0, 0.1) == [0, 0, 0, 1, 1]
    assert spent(limits, b"a", 0.5, 0.5, 60, 60, 60, 60) == [0, 1, 0, 0, 0, 1]


def test_keys_do_not_share_a_bucket_and_slow_rates_say_how_long() -> None:
    limits = Limits(a_second=0.1, burst=1)
    assert spent(limits, b"a", 0, 0) == [0, 10]
    assert spent(limits, b"b", 0) == [0]


def test_buckets_are_bounded() -> None:
    limits = Limits(a_second=1, burst=1, most=2)
    assert [spent(limits, who, 0) for who in (b"a", b"b", b"c", b"a")] == [[0]] * 4
    assert spent(limits, b"a", 0) == [1]


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, ["8.8.8.8"], "10.0.0.1"),
        (1, ["8.8.8.8"], "8.8.8.8"),
        (1, ["6.6.6.6, 8.8.8.8"], "8.8.8.8"),
        (1, ["6.6.6.6", "8.8.8.8"], "8.8.8.8"),
        (2, ["6.6.6.6, 8.8.8.8, 10.0.0.2"], "8.8.8.8"),
        (2, ["8.8.8.8"], "8.8.8.8"),
        (1, [], "10.0.0.1"),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (1, ["[2001:db8::1]:443"], "2001:db8::1"),
        (1, ["8.8.8.8:1234"], "8.8.8.8"),
        (1, ["::ffff:8.8.8.8"], "8.8.8.8"),
        (1, ["unknown"], None),
    ],
)
def test_forwarding_headers_count_as_far_as_our_proxies(
    trusted: int, forwarded: list[str], expected: str | None
) -> None:
    found = client_address("10.0.0.1", forwarded, trusted)
    assert (str(found) if found else None) == expected


@given(st.lists(st.text()), st.integers(0, 5), st.text() | st.none())
def test_any_forwarding_header_is_an_address_or_none(forwarded: list[str], trusted: int, peer: str | None) -> None:
    found = client_address(peer, forwarded, trusted)
    assert found is None or ip_address(str(found)) == found


def test_networks() -> None:
    address = ip_address("192.0.2.7")
    assert is_allowed(address, [])
    assert is_allowed(address, ["192.0.2.0/24"])
    assert is_allowed(address, ["2001:db8::/32", " 192.0.2.7 "])
    assert not is_allowed(address, ["192.0.3.0/24", "nonsense"])
    assert not is_allowed(None, ["0.0.0.0/0"])


def test_pulses_run_on_until_a_gap() -> None:
    continuity = Continuity()
    seen = []
    for tick in (100.0, 101.0, 106.0, 111.5, 112.0):
        since = continuity.since(tick, START + timedelta(seconds=tick))
        continuity.note(tick, since)
        seen.append((since - START).total_seconds())
    assert seen == [100, 100, 100, 111.5, 111.5]
