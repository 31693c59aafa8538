"""Groups of requests: queues with bounds, poisoned works, and what a process remembers between groups."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import PortalError
from apps.core.keys import ParsedKey
from apps.ingest.errors import kept_waiting, unavailable, unstorable
from apps.ingest.key_cache import KEPT_SECONDS, KeyCache
from apps.ingest.keys import Caller, Reporter
from apps.ingest.lanes import MOST_IN_VAIN, Bounds, Lane
from apps.ingest.remembered import LONGEST_KEPT, remembered
from apps.ingest.samples import SeriesKey, Write
from apps.ingest.store.group import Stored
from apps.ingest.store.memory import OpenHours
from apps.ingest.store.receipts import share_answers
from apps.ingest.store.table import SeriesTable, names_of
from apps.ingest.work import Accepted, Done, Work

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
CALLER = Caller(ParsedKey("a" * 12, b"digest"), None)
REPORTER = Reporter(UUID(int=1), UUID(int=2), "active", 10)
SMALL = Bounds(most_waiting=4, most_bytes=1000, group_requests=3, group_items=1000)


def work(size: int = 10) -> Work:
    """Return something to store."""
    return Work(Write(CALLER, NOW, batch_id=uuid4(), size=size))


class Database:
    """A stand-in that notes groups, waits while `gate` is closed, refuses groups with a poisoned or held up one."""

    def __init__(self) -> None:
        """Start with an open gate."""
        self.groups: list[int] = []
        self.poisoned: set[int] = set()
        self.held_up: set[int] = set()
        self.tells_who = False
        self.hurried: list[bool] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def store(self, works: Sequence[Work], *, is_hurried: bool) -> Stored:
        """Store a group."""
        self.groups.append(len(works))
        self.hurried.append(is_hurried)
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
    lane = Lane(database.store, Bounds(100, 10_000, 100, 1000), 1)
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
    lane = Lane(database.store, Bounds(100, 10_000, 100, 1000), 1)
    lane.start()
    works = [work() for _ in range(64)]
    database.held_up = {id(works[4]), id(works[40]), id(works[41])}

    found = await outcomes([lane.put(one) for one in works])
    again = await outcomes([lane.put(one) for one in works])
    await lane.stop()

    assert [place for place, one in enumerate(found) if one == "unavailable"] == [4, 40, 41]
    assert (found.count("stored"), again) == (61, found)
    assert database.groups[:2] == [64, 61 if tells_who else 32]
    assert database.hurried == [False] + [True] * (len(database.groups) - 1), "once was waited long"


async def test_group_that_is_held_up_as_a_whole_is_given_up_soon() -> None:
    database = Database()
    lane = Lane(database.store, Bounds(100, 10_000, 100, 1000), 1)
    lane.start()
    works = [work() for _ in range(64)]
    database.held_up = {id(one) for one in works}

    assert await outcomes([lane.put(one) for one in works]) == ["unavailable"] * 64
    assert len(database.groups) == MOST_IN_VAIN + 1
    assert lane.is_storing, "who is kept waiting was heard"
    await lane.stop()


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

    async def store(works: Sequence[Work], *, is_hurried: bool) -> Stored:
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


def test_long_words_are_judged_anew_and_never_kept() -> None:
    judged: list[str] = []

    @remembered(10, lambda text: len(text))
    def judge(text: str) -> str:
        judged.append(text[:1])
        return text

    for text in ("a", "a", "b" * (LONGEST_KEPT + 1), "b" * (LONGEST_KEPT + 1)):
        assert judge(text) == text
    assert judged == ["a", "b", "b"]


keys = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 400)), unique=True, max_size=300
)  # (node, number of the metric)


@given(keys, keys, st.sampled_from([64, 1024, 2**14]))
def test_table_answers_as_a_dictionary_does_or_not_at_all(
    first: list[tuple[int, int]], second: list[tuple[int, int]], largest: int
) -> None:
    table, known = SeriesTable(largest), dict[tuple[int, int], int]()
    tenant = UUID(int=99)
    for batch in (first, second):
        for node in {node for node, _ in batch}:
            own = [number for one, number in batch if one == node]
            names = names_of(tenant, UUID(int=node), [SeriesKey(f"m{number}", "{}") for number in own])
            series = np.array([1 + node * 1000 + number for number in own], np.int32)
            table.note(names, series, series.astype(np.float64), series.astype(np.uint32))
            known |= {(node, number): 1 + node * 1000 + number for number in own}
    for node, number in [*known, (7, 1), (1, 999)]:
        slots = table.find(names_of(tenant, UUID(int=node), [SeriesKey(f"m{number}", "{}")]))
        found = int(table.series(slots)[0])
        assert found in (0, known.get((node, number), 0))
        if largest > 1024:
            assert found == known.get((node, number), 0)
    assert len(table) * 2 <= largest


def test_series_of_another_tenant_pool_or_label_are_others() -> None:
    table = SeriesTable()
    key = SeriesKey("load", "{}")
    table.note(names_of(UUID(int=1), UUID(int=2), [key]), np.array([5], np.int32), np.zeros(1), np.zeros(1, np.uint32))
    others = [key._replace(labels='{"a":"1"}'), key._replace(pool=UUID(int=3)), key._replace(session=UUID(int=3))]

    assert table.series(table.find(names_of(UUID(int=1), UUID(int=2), [key, *others]))).tolist() == [5, 0, 0, 0]
    assert table.series(table.find(names_of(UUID(int=9), UUID(int=2), [key]))).tolist() == [0]


def test_open_hour_is_marked_once_and_an_hour_that_is_over_every_time() -> None:
    hours, node = OpenHours(), UUID(int=1)
    this_hour = NOW.replace(minute=0).timestamp()
    marks = {(node, this_hour), (node, this_hour - 3600)}

    assert hours.missing(marks, NOW) == sorted(marks)
    hours.note(sorted(marks), NOW)
    assert hours.missing(marks, NOW) == [(node, this_hour - 3600)]
    assert hours.missing(marks, NOW + timedelta(hours=1)) == sorted(marks)


def test_key_is_known_for_a_second_only() -> None:
    moment = 0.0
    cache = KeyCache(lambda: moment)
    stranger = Caller(ParsedKey("b" * 12, b"other"), None)
    assert not cache.is_known(CALLER)
    cache.note(CALLER, is_good=True)
    cache.note(stranger, is_good=False)

    assert cache.is_known(CALLER)
    with pytest.raises(PortalError, match="not accepted"):
        cache.is_known(stranger)
    moment = KEPT_SECONDS
    assert not cache.is_known(CALLER)
    assert not cache.is_known(stranger)
