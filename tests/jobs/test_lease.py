"""One beat sends; another takes over when it stops, and the one that slept is fenced off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.jobs.models import BeatLease
from apps.jobs.services import give_lease_back, mark_slot, marked_slots, take_lease
from tests.database import acting_as
from tests.roles import in_parallel

SLOT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NEXT = SLOT + timedelta(seconds=2)


@pytest.fixture
def as_worker(db: None) -> Iterator[None]:
    """Act as the worker's database role."""
    with acting_as("omega_worker"):
        yield


def lease_runs_out() -> None:
    """Let the time of the holder pass."""
    BeatLease.objects.update(lease_until=SLOT - timedelta(days=365))


def test_holder_renews_and_nobody_else_gets_it_meanwhile(as_worker: None) -> None:
    assert [take_lease("a"), take_lease("a"), take_lease("b")] == [1, 1, None]


def test_lease_that_ran_out_goes_to_the_next_with_a_greater_token(as_worker: None) -> None:
    tokens = [take_lease("a")]
    for holder in ("b", "a"):
        lease_runs_out()
        tokens.append(take_lease(holder))

    assert tokens == [1, 2, 3]


def test_holder_that_was_late_but_first_again_keeps_its_token(as_worker: None) -> None:
    first = take_lease("a")
    lease_runs_out()

    assert (first, take_lease("a")) == (1, 1)


def test_lease_given_back_is_free_at_once_and_only_its_holder_can_give_it(as_worker: None) -> None:
    take_lease("a")
    give_lease_back("b")
    refused = take_lease("b")
    give_lease_back("a")

    assert refused is None
    assert take_lease("b") is not None


def test_beat_that_slept_through_its_lease_cannot_mark_after_its_successor(as_worker: None) -> None:
    sleeper = take_lease("a")
    lease_runs_out()
    successor = take_lease("b")
    assert sleeper is not None
    assert successor is not None

    assert mark_slot("tests.sweep", SLOT, successor)
    assert not mark_slot("tests.sweep", NEXT, sleeper)
    assert marked_slots() == {"tests.sweep": SLOT}


def test_beat_that_slept_is_fenced_off_even_after_the_lease_was_given_back(as_worker: None) -> None:
    sleeper = take_lease("a")
    lease_runs_out()
    successor = take_lease("b")
    assert sleeper is not None
    assert successor is not None
    mark_slot("tests.sweep", SLOT, successor)
    give_lease_back("b")
    third = take_lease("c")
    assert third is not None

    assert not mark_slot("tests.sweep", NEXT, sleeper)
    assert mark_slot("tests.sweep", NEXT, third)


def test_slot_is_marked_once_and_never_backwards(as_worker: None) -> None:
    assert [mark_slot("tests.sweep", slot, 1) for slot in (NEXT, NEXT, SLOT)] == [True, False, False]


def test_ten_beats_that_start_together_agree_on_one(committed: None) -> None:
    tokens = in_parallel("omega_worker", [lambda name=f"beat-{n}": take_lease(name) for n in range(10)])

    assert sorted(map(str, tokens)) == ["1"] + ["None"] * 9
