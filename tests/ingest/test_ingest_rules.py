"""The small rules of the door: rates and continuity."""

from datetime import UTC, datetime, timedelta

from apps.core.errors import Throttled
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


def test_pulses_run_on_until_a_gap() -> None:
    continuity = Continuity()
    seen = []
    for tick in (100.0, 101.0, 106.0, 111.5, 112.0):
        since = continuity.since(tick, START + timedelta(seconds=tick))
        continuity.note(tick, since)
        seen.append((since - START).total_seconds())
    assert seen == [100, 100, 100, 111.5, 111.5]
