"""What may happen only so often: for each sender, and for all together, in bounded memory."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from apps.core import pace
from apps.core.pace import Pace


def test_each_sender_has_a_share_and_a_new_span_begins_at_nothing() -> None:
    found = Pace(each=2, together=100, seconds=60)

    assert [found.allows("a", 120.0) for _ in range(3)] == [True, True, False]
    assert found.allows("b", 121.0)
    assert not found.allows("a", 179.9)
    assert found.allows("a", 180.0)


def test_all_together_are_bounded_too() -> None:
    found = Pace(each=2, together=3, seconds=60)

    assert [found.allows(name, 0.0) for name in "abcd"] == [True, True, True, False]


def test_what_is_refused_counts_for_nobody() -> None:
    found = Pace(each=5, together=100, seconds=60)

    assert [found.allows("a", 0.0, many) for many in (4, 3, 1, 1)] == [True, False, True, False]


def test_endless_senders_take_no_endless_memory() -> None:
    found = Pace(each=1, together=10**9, seconds=60)
    let_through = sum(found.allows(str(number), 0.0) for number in range(pace.MOST_SENDERS + 500))

    assert let_through == pace.MOST_SENDERS == len(found._counts)


def test_threads_do_not_slip_through_together() -> None:
    found = Pace(each=50, together=10_000, seconds=60)
    with ThreadPoolExecutor(8) as threads:
        let_through = sum(threads.map(lambda _: found.allows("a", 0.0), range(1000)))

    assert let_through == 50


@given(now=st.floats(0, 1e9))
def test_wait_reaches_into_the_next_span(now: float) -> None:
    found = Pace(each=1, together=1, seconds=60)
    found.allows("a", now)

    assert 1 <= found.seconds_left(now) <= 61
    assert found.allows("a", now + found.seconds_left(now))
