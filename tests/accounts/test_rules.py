"""How long a sign-in waits: not at all for slips, longer and longer for guessing, never more than a quarter hour."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.rules import FREE_FAILURES, LONGEST, failures_counted, wait_after

KINDS = st.sampled_from(["account", "address"])
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@given(KINDS, st.integers(0, 10**9))
def test_wait_never_shrinks_with_more_failures_and_has_an_end(kind: str, failures: int) -> None:
    wait = wait_after(kind, failures)

    assert timedelta(0) <= wait <= wait_after(kind, failures + 1) <= LONGEST
    assert (wait == timedelta(0)) is (failures < FREE_FAILURES[kind])


@given(KINDS, st.integers(0, 8))
def test_wait_doubles_from_a_second(kind: str, beyond: int) -> None:
    assert wait_after(kind, FREE_FAILURES[kind] + beyond) == timedelta(seconds=2**beyond)


def test_ten_failures_in_a_row_cost_half_a_minute_and_fifteen_the_longest_wait() -> None:
    waits = [wait_after("account", failures).total_seconds() for failures in (4, 5, 10, 15, 100)]

    assert waits == [0, 1, 32, 900, 900]


@pytest.mark.parametrize(("minutes", "counted"), [(0, 7), (59, 7), (60, 0), (600, 0)])
def test_failures_are_forgotten_after_an_hour_of_quiet(minutes: int, counted: int) -> None:
    assert failures_counted(7, NOW - timedelta(minutes=minutes), NOW) == counted
