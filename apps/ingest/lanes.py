"""Lanes to the database: requests that arrive while a group is stored go together in the next one.

A lane has a few flushers, each storing one group at a time, and a queue bounded in requests, items and bytes. What
finds no room, or waits too long, is refused as busy; what cannot be stored, or is held up by locks, costs only itself.
Nobody is answered before COMMIT.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from apps.core.errors import PortalError
from apps.ingest.errors import KeptWaiting, Unavailable, Unstorable, busy, kept_waiting, unavailable
from apps.ingest.store.group import Stored
from apps.ingest.work import Done, Work

log = logging.getLogger(__name__)
LONGEST_WAIT: Final = 5.0
SWEEP_SECONDS: Final = 0.5
STOP_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 30.0
# After a wait for locks that was in vain the next ones are short for as long as this.
HURRY_SECONDS: Final = 10.0
# After more waits in vain than these, halves take too long to find who holds up a group: one at a time is next.
MOST_IN_VAIN: Final = 4
# So many more of those in vain than stored, and it is no single rows; nor may many that are stored take forever.
MOST_SINGLES_IN_VAIN: Final = 12
SINGLY_SECONDS: Final = 2.0


class Patience(Enum):
    """How long storing may wait for locks: as long as senders can, short after a wait in vain, or hardly at all."""

    LONG = auto()
    SHORT = auto()
    HARDLY = auto()


class Store(Protocol):
    """How a group is stored; of what it raises `Unstorable` and `KeptWaiting` may concern but some of the group."""

    async def __call__(self, works: Sequence[Work], *, patience: Patience) -> Stored:
        """Store a group, committed on return; raises PortalError."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a lane takes: waiting requests and bytes, and requests and items in one group."""

    most_waiting: int
    most_bytes: int
    group_requests: int
    group_items: int


@dataclass(slots=True)
class Waiting:
    """A work in the queue, with who waits for it and until when."""

    work: Work
    answer: asyncio.Future[Done]
    deadline: float


class Lane:
    """A queue and its flushers."""

    def __init__(
        self, store: Store, bounds: Bounds, flushers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take how a group is stored; nothing runs yet."""
        self._store, self._bounds, self._clock = store, bounds, clock
        self._flushers = flushers
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_open = False
        self._failed_at: float | None = None
        self._hurried_until = 0.0

    @property
    def is_storing(self) -> bool:
        """Whether who comes now may expect to be heard: nothing failed since a group was committed or kept waiting.

        A failure that nothing follows says nothing any more after half a minute.
        """
        return self._failed_at is None or self._clock() - self._failed_at > QUIET_SECONDS

    def start(self) -> None:
        """Begin in the background."""
        self._is_open = True
        self._tasks = [asyncio.create_task(self._flush()) for _ in range(self._flushers)]
        self._tasks.append(asyncio.create_task(self._sweep()))

    async def stop(self) -> None:
        """Store what is queued, then end; what takes too long is refused."""
        self._is_open = False
        self._news.set()
        await asyncio.wait(self._tasks[: self._flushers], timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._queue:
            _settle(self._pop(), unavailable())

    async def put(self, work: Work) -> Done:
        """Queue a work and return after the COMMIT of its group; raises PortalError."""
        size = work.write.size
        if not self._is_open:
            raise unavailable()
        if len(self._queue) >= self._bounds.most_waiting or self._bytes + size > self._bounds.most_bytes:
            self._fail()
            raise busy()
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(work, answer, self._clock() + LONGEST_WAIT))
        self._bytes += size
        self._news.set()
        return await answer

    def _take(self) -> list[Waiting]:
        """Take the next group off the queue."""
        taken: list[Waiting] = []
        items = 0
        while self._queue and len(taken) < self._bounds.group_requests and items < self._bounds.group_items:
            taken.append(self._pop())
            items += taken[-1].work.item_count
        return taken

    def _pop(self) -> Waiting:
        """Take the oldest one off the queue."""
        one = self._queue.popleft()
        self._bytes -= one.work.write.size
        return one

    async def _flush(self) -> None:
        """Store groups until the lane is closed and empty."""
        while self._is_open or self._queue:
            await self._news.wait()
            # Requests that are whole already join before the group sets off.
            await asyncio.sleep(0)
            group = self._take()
            if self._is_open and not self._queue:
                self._news.clear()
            if group:
                await self._store_all(group)

    async def _store_all(self, group: list[Waiting]) -> None:
        """Store a group and answer everybody in it; one that is poisoned or held up is divided until that stands alone.

        Where many are held up halves would wait for each of them again and again: who is left then goes singly.
        """
        parts, in_vain = deque([group]), 0
        while parts and in_vain <= MOST_IN_VAIN:
            part = parts.popleft()
            error = await self._store_part(part, self._patience())
            in_vain += _is_in_vain(error)
            parts.extend(_divided(part, error))
        await self._store_singly(deque(one for part in parts for one in part))

    async def _store_singly(self, left: deque[Waiting]) -> None:
        """Store one at a time, hardly waiting; give up where that is in vain as well or lasts too long."""
        ends, in_vain = self._clock() + SINGLY_SECONDS, 0
        while left and in_vain <= MOST_SINGLES_IN_VAIN and self._clock() < ends:
            part = [left.popleft()]
            error = await self._store_part(part, Patience.HARDLY)
            in_vain += -1 if error is None else _is_in_vain(error)
            _divided(part, error)
        _settle_all(left, kept_waiting())

    def _patience(self) -> Patience:
        """Return how long may be waited now."""
        return Patience.SHORT if self._clock() < self._hurried_until else Patience.LONG

    async def _store_part(self, part: list[Waiting], patience: Patience) -> PortalError | None:
        """Store a part of a group and answer everybody in it, or return why it is not stored."""
        try:
            stored = await self._store([one.work for one in part], patience=patience)
            for remember in stored.to_remember:
                remember()
        except KeptWaiting as error:
            # Short waits in vain prolong nothing: a busy database would otherwise never be waited for again.
            if patience is Patience.LONG:
                self._hurried_until = self._clock() + HURRY_SECONDS
            self._failed_at = None
            return error
        except Unstorable as error:
            return error
        except PortalError as error:
            self._fail()
            return error
        except Exception:  # the lane's edge: whoever waits must get an answer, and the next group its turn
            self._fail()
            log.exception("a group was not stored")
            return unavailable()
        self._failed_at = None
        for one, outcome in zip(part, stored.outcomes, strict=True):
            _settle(one, outcome)
        return None

    async def _sweep(self) -> None:
        """Refuse what has waited too long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            while self._queue and self._queue[0].deadline < self._clock():
                self._fail()
                _settle(self._pop(), busy())

    def _fail(self) -> None:
        """Note that somebody was turned away who should have been stored."""
        self._failed_at = self._clock()


def _is_in_vain(error: PortalError | None) -> bool:
    """Tell whether time was lost with a part: it was kept waiting or failed, but was neither stored nor poisoned."""
    return error is not None and not isinstance(error, Unstorable)


def _divided(part: list[Waiting], error: PortalError | None) -> list[list[Waiting]]:
    """Answer those who are known to be in the way; return the others, in halves if nobody is known to be.

    What is stored is answered; other trouble than poison and locks is everybody's.
    """
    if error is None:
        return []
    if not isinstance(error, KeptWaiting | Unstorable):
        _settle_all(part, error)
        return []
    held = error.held if isinstance(error, KeptWaiting) else frozenset[int]()
    if len(part) == 1:
        held = frozenset({0})
    if not held:
        middle = len(part) // 2
        return [part[:middle], part[middle:]]
    _settle_all([part[place] for place in held], error)
    rest = [one for place, one in enumerate(part) if place not in held]
    return [rest] if rest else []


def _settle_all(part: Iterable[Waiting], error: PortalError) -> None:
    """Refuse all of a part."""
    for one in part:
        _settle(one, error)


def _settle(one: Waiting, outcome: Done | PortalError) -> None:
    """Answer one who waits, unless nobody does any more."""
    with contextlib.suppress(asyncio.InvalidStateError):
        if isinstance(outcome, Unavailable):
            # Each sender comes back at a time of its own.
            one.answer.set_exception(Unavailable(outcome.code, outcome.detail))
        elif isinstance(outcome, PortalError):
            one.answer.set_exception(outcome)
        else:
            one.answer.set_result(outcome)
