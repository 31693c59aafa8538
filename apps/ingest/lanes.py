"""Lanes to the database: requests that arrive while a group is stored go together in the next one.

A lane has a few flushers, each storing one group at a time, and a queue bounded in requests, items and bytes. What
finds no room, or waits too long, is refused as busy; what cannot be stored costs only itself. Nobody is answered before
COMMIT.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from apps.core.errors import PortalError
from apps.ingest.errors import Unavailable, Unstorable, busy, unavailable
from apps.ingest.store.group import Stored
from apps.ingest.work import Done, Work

log = logging.getLogger(__name__)
LONGEST_WAIT: Final = 5.0
SWEEP_SECONDS: Final = 0.5
STOP_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 30.0
Store = Callable[[Sequence[Work]], Awaitable[Stored]]


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

    def __init__(self, store: Store, bounds: Bounds, flushers: int) -> None:
        """Take how a group is stored; nothing runs yet."""
        self._store, self._bounds = store, bounds
        self._flushers = flushers
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_open = False
        self._failed_at: float | None = None

    @property
    def is_storing(self) -> bool:
        """Whether who comes now may expect to be stored: nothing failed since the last group that was committed.

        A failure that nothing follows says nothing any more after half a minute.
        """
        return self._failed_at is None or time.monotonic() - self._failed_at > QUIET_SECONDS

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
        self._queue.append(Waiting(work, answer, time.monotonic() + LONGEST_WAIT))
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
        """Store a group and answer everybody in it; one with a poisoned work is divided until that stands alone."""
        try:
            stored = await self._store([one.work for one in group])
            for remember in stored.to_remember:
                remember()
        except Unstorable as error:
            if len(group) == 1:
                _settle(group[0], error)
                return
            middle = len(group) // 2
            await self._store_all(group[:middle])
            await self._store_all(group[middle:])
        except PortalError as error:
            self._fail()
            for one in group:
                _settle(one, error)
        except Exception:  # the lane's edge: whoever waits must get an answer, and the next group its turn
            self._fail()
            log.exception("a group was not stored")
            for one in group:
                _settle(one, unavailable())
        else:
            self._failed_at = None
            for one, outcome in zip(group, stored.outcomes, strict=True):
                _settle(one, outcome)

    async def _sweep(self) -> None:
        """Refuse what has waited too long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            while self._queue and self._queue[0].deadline < time.monotonic():
                self._fail()
                _settle(self._pop(), busy())

    def _fail(self) -> None:
        """Note that somebody was turned away who should have been stored."""
        self._failed_at = time.monotonic()


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
