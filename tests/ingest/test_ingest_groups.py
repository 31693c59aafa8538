"""Groups of requests: queues with bounds, and works that are poisoned or held up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import PortalError
from apps.core.keys import ParsedKey
from apps.ingest.errors import kept_waiting, unavailable, unstorable
from apps.ingest.keys import Caller, Reporter
from apps.ingest.lanes import MOST_IN_VAIN, MOST_SINGLES_IN_VAIN, SINGLY_SECONDS, Bounds, Lane, Patience
from apps.ingest.samples import Write
from apps.ingest.store.group import Stored
from apps.ingest.store.receipts import share_answers
from apps.ingest.work import Accepted, Done, Work

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
CALLER = Caller(ParsedKey("a" * 12, b"digest"), None)
REPORTER = Reporter(UUID(int=1), UUID(int=2), "active", 10)
LARGE = Bounds(most_waiting=100, most_bytes=10_000, group_requests=100, group_items=1000)
SMALL = Bounds(most_waiting=4, most_bytes=1000, group_requests=3, group_items=1000)


def work(size: int = 10) -> Work:
    """Return something to store."""
    return Work(Write(CALLER, NOW, batch_id=uuid4(), size=size))


class Database:
    """A stand-in that notes groups, waits while `gate` is closed, refuses groups with a poisoned or held up one.

    Each group takes `seconds` of its clock.
    """

    def __init__(self) -> None:
        """Start with an open gate."""
        self.groups: list[int] = []
        self.poisoned: set[int] = set()
        self.held_up: set[int] = set()
        self.tells_who = False
        self.patience: list[Patience] = []
        self.moment, self.seconds = 0.0, 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def store(self, works: Sequence[Work], *, patience: Patience) -> Stored:
        """Store a group."""
        self.groups.append(len(works))
        self.patience.append(patience)
        self.moment += self.seconds
        await self.gate.wait()
        if any(id(one) in self.poisoned for one in works):
            raise unstorable()
        held = frozenset(place for place, one in enumerate(works) if id(one) in self.held_up)
        if held:
            raise kept_waiting(held if self.tells_who else frozenset())
        return Stored([Done(REPORTER, NOW, accepted=1) for _ in works])


async def outcomes(puts: Sequence[Awaitable[Done]]) -> list[str]:
    """Return what became of works: stored, or the code of the refusal."""
    found = await asyncio.gather(*puts, return_exceptions=True)
    return [one.code if isinstance(one, PortalError) else "stored" for one in found]


async def test_what_arrives_while_a_group_is_stored_goes_together_in_the_next() -> None:
    database = Database()
    lane = Lane(database.store, SMALL, 1)
    lane.start()
    database.gate.clear()
    first = asyncio.create_task(lane.put(work()))
    while not database.groups:
        await asyncio.sleep(0)
    rest = [asyncio.create_task(lane.put(work())) for _ in range(4)]
    await asyncio.sleep(0)
    overflow = asyncio.create_task(lane.put(work()))
    await asyncio.sleep(0)
    database.gate.set()

    assert await outcomes([first, *rest, overflow]) == ["stored"] * 5 + ["busy"]
    assert database.groups == [1, 3, 1]
    await lane.stop()


async def test_queue_is_bounded_in_bytes_too() -> None:
    database = Database()
    lane = Lane(database.store, SMALL, 1)
    lane.start()
    assert await outcomes([lane.put(work(600)), lane.put(work(600))]) == ["stored", "busy"]
    assert await outcomes([lane.put(work(600))]) == ["stored"], "room is given back"
    await lane.stop()


async def test_poisoned_work_costs_itself_only() -> None:
    database = Database()
    lane = Lane(database.store, LARGE, 1)
    lane.start()
    works = [work() for _ in range(9)]
    database.poisoned = {id(works[4]), id(works[7])}

    found = await outcomes([lane.put(one) for one in works])

    assert [place for place, one in enumerate(found) if one == "unstorable"] == [4, 7]
    assert found.count("stored") == 7
    await lane.stop()


@pytest.mark.parametrize("tells_who", [True, False])
async def test_work_that_is_held_up_costs_itself_only(tells_who: bool) -> None:
    database = Database()
    database.tells_who = tells_who
    lane = Lane(database.store, LARGE, 1)
    lane.start()
    works = [work() for _ in range(64)]
    database.held_up = {id(works[4]), id(works[40]), id(works[41])}

    found = await outcomes([lane.put(one) for one in works])
    again = await outcomes([lane.put(one) for one in works])
    await lane.stop()

    assert [place for place, one in enumerate(found) if one == "unavailable"] == [4, 40, 41]
    assert (found.count("stored"), again) == (61, found)
    assert database.groups[:2] == [64, 61 if tells_who else 32]
    assert database.patience[0] is Patience.LONG
    assert Patience.LONG not in database.patience[1:], "once was waited long"


async def settle(database: Database, works: Sequence[Work]) -> list[str]:
    """Store works as one group; return what became of each."""
    lane = Lane(database.store, LARGE, 1, lambda: database.moment)
    lane.start()
    found = await outcomes([lane.put(one) for one in works])
    await lane.stop()
    return found


@given(st.sets(st.integers(0, 63), max_size=8))
def test_several_that_are_held_up_cost_themselves_only(places: set[int]) -> None:
    database, works = Database(), [work() for _ in range(64)]
    database.held_up = {id(works[place]) for place in places}

    found = asyncio.run(settle(database, works))

    assert {place for place, one in enumerate(found) if one != "stored"} == places
    waits = [patience for patience in database.patience if patience is not Patience.HARDLY]
    assert len(waits) <= 2 * (MOST_IN_VAIN + 1), "nobody waits for each of them again and again"


async def test_group_that_is_held_up_as_a_whole_is_given_up_soon() -> None:
    database = Database()
    lane = Lane(database.store, LARGE, 1)
    lane.start()
    works = [work() for _ in range(64)]
    database.held_up = {id(one) for one in works}

    assert await outcomes([lane.put(one) for one in works]) == ["unavailable"] * 64
    assert len(database.groups) == MOST_IN_VAIN + 1 + MOST_SINGLES_IN_VAIN + 1
    assert database.patience[MOST_IN_VAIN + 1 :] == [Patience.HARDLY] * (MOST_SINGLES_IN_VAIN + 1)
    assert lane.is_storing, "who is kept waiting was heard"
    await lane.stop()


async def test_only_what_is_stored_makes_up_for_waits_in_vain() -> None:
    groups, troubles = list[int](), cycle([kept_waiting, unavailable])

    async def store(works: Sequence[Work], *, patience: Patience) -> Stored:
        groups.append(len(works))
        raise next(troubles)()

    lane = Lane(store, LARGE, 1)
    lane.start()

    assert await outcomes([lane.put(work()) for _ in range(64)]) == ["unavailable"] * 64
    assert groups == [64, 32, 32, 16, 16] + [1] * (MOST_SINGLES_IN_VAIN + 1), "halves are not tried without end"
    assert not lane.is_storing
    await lane.stop()


async def test_singles_that_are_stored_slowly_take_a_bounded_time() -> None:
    database, works = Database(), [work() for _ in range(64)]
    database.seconds = SINGLY_SECONDS / 4
    database.held_up = {id(works[place]) for place in (0, 8, 16, 24, 32, 40, 48, 56)}

    found = await settle(database, works)

    assert database.patience.count(Patience.HARDLY) == 4
    assert set(found) == {"stored", "unavailable"}


async def test_stop_stores_what_is_queued_and_takes_nothing_more() -> None:
    database = Database()
    lane = Lane(database.store, SMALL, 1)
    lane.start()
    puts = [asyncio.create_task(lane.put(work())) for _ in range(4)]
    await asyncio.sleep(0)
    await lane.stop()

    assert await outcomes(puts) == ["stored"] * 4
    assert await outcomes([lane.put(work())]) == ["unavailable"]


async def test_trouble_refuses_the_group_and_the_lane_goes_on() -> None:
    answers: list[Callable[[], Stored]] = []

    def trouble() -> Stored:
        raise unavailable()

    def surprise() -> Stored:
        raise ValueError("nobody thought of this")

    async def store(works: Sequence[Work], *, patience: Patience) -> Stored:
        return answers.pop()()

    lane = Lane(store, SMALL, 1)
    lane.start()
    answers[:] = [lambda: Stored([Done(REPORTER, NOW)]), surprise, trouble]
    assert [await outcomes([lane.put(work())]) for _ in range(3)] == [["unavailable"], ["unavailable"], ["stored"]]
    await lane.stop()


def test_same_batch_several_times_in_a_group_is_one_batch_and_its_repeats() -> None:
    write = Write(CALLER, NOW, batch_id=uuid4())
    works = [Accepted(Work(write), Done(REPORTER, NOW)) for _ in range(3)]
    works.insert(1, Accepted(work(), Done(REPORTER, NOW)))
    works[0].done.accepted = 10

    answers = share_answers(works)

    assert [(one.accepted, one.is_repeat) for one in answers] == [(10, False), (0, False), (10, True), (10, True)]


async def test_lane_says_whether_it_stores() -> None:
    database = Database()
    lane = Lane(database.store, SMALL, 1)
    lane.start()
    found = [lane.is_storing]
    for size, is_poisoned in ((10, False), (5000, False), (10, False), (10, True)):
        one = work(size)
        database.poisoned = {id(one)} if is_poisoned else set()
        await outcomes([lane.put(one)])
        found.append(lane.is_storing)
    await lane.stop()

    assert found == [True, True, False, True, True]
