"""Slots of a schedule: every instant belongs to one, and slots follow each other without gap."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.jobs.rules import EPOCH, is_due, newest_slot

INSTANTS = st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PERIODS = st.sampled_from([2, 30, 60, 1800, 3600, 6 * 3600, 86400]).map(lambda seconds: timedelta(seconds=seconds))
OFFSETS = st.integers(-100_000, 100_000).map(lambda seconds: timedelta(seconds=seconds))


@given(PERIODS, INSTANTS, OFFSETS)
def test_newest_slot_is_the_last_one_that_has_come(every: timedelta, now: datetime, offset: timedelta) -> None:
    slot = newest_slot(every, now, offset)

    assert slot <= now < slot + every
    assert (slot - EPOCH - offset) % every == timedelta(0)


@given(PERIODS, INSTANTS, OFFSETS)
def test_slot_is_its_own_newest_and_the_next_follows_at_once(
    every: timedelta, now: datetime, offset: timedelta
) -> None:
    slot = newest_slot(every, now, offset)

    assert newest_slot(every, slot, offset) == slot
    assert newest_slot(every, slot + every - timedelta(microseconds=1), offset) == slot
    assert newest_slot(every, slot + every, offset) == slot + every


@given(PERIODS, INSTANTS, OFFSETS)
def test_slot_is_due_until_it_was_sent_and_missed_ones_are_one(
    every: timedelta, now: datetime, offset: timedelta
) -> None:
    slot = newest_slot(every, now, offset)

    assert is_due(every, None, now, offset)
    assert is_due(every, slot - every, now, offset)
    assert is_due(every, slot - 500 * every, now, offset)
    assert not is_due(every, slot, now, offset)


def test_nightly_slot_stands_at_its_hour() -> None:
    at = datetime(2026, 11, 21, 2, 59, 59, tzinfo=UTC)
    slots = [newest_slot(timedelta(days=1), at + timedelta(seconds=n), timedelta(hours=3)) for n in (0, 1)]

    assert slots == [datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 11, 21, 3, tzinfo=UTC)]
