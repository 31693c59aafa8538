"""Bytes that a thread makes while the event loop sends them: a few blocks ahead, never all at once."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core.errors import Throttled

log = logging.getLogger(__name__)
AHEAD = 4
MOST_AT_ONCE = 4
LONGEST_STALL = 60.0
CANCEL_SECONDS = 5.0
RETRY_SECONDS = 10
_taking: set[Hashable] = set()
_lock = threading.RLock()
# Each holds a connection for as long as its taker likes: half of the pool is for everybody else.
_workers = ThreadPoolExecutor(
    max(1, min(MOST_AT_ONCE, settings.OMEGA.database_pool_size // 2)), thread_name_prefix="stream"
)


class Abandoned(Exception):
    """Nobody takes the blocks any more."""


class Turn:
    """One person's right to a stream of this process, of which they have one at a time: slow takers block no others.

    Raises Throttled while they have another. It ends when the stream does, also for one that never began.
    """

    def __init__(self, person: Hashable) -> None:
        """Take it."""
        self._person: Hashable | None = None
        with _lock:
            if person in _taking:
                detail = "You are taking a file already: wait until it is whole, or stop it."
                raise Throttled("export_runs", detail, retry_after=RETRY_SECONDS)
            _taking.add(person)
        self._person = person

    def end(self) -> None:
        """Give it back; a second time does nothing."""
        with _lock:
            _taking.discard(self._person)
            self._person = None

    __del__ = end


async def in_thread(blocks: Iterator[bytes], turn: Turn | None = None) -> AsyncIterator[bytes]:
    """Yield the blocks of a generator that runs in a thread, with a database connection of its own.

    A few such threads work at once, further ones wait. When the taker goes away, or takes nothing for a minute, the
    statement in progress is cancelled and the connection closed. Raises what the generator raises.
    """
    hand = _Hand(asyncio.get_running_loop())
    work = asyncio.wrap_future(_workers.submit(contextvars.copy_context().run, hand.work, blocks))
    try:
        while (block := await hand.take()) is not None:
            yield block
        await work
    finally:
        hand.let_go()
        if turn:
            turn.end()


class _Hand:
    """What thread and loop pass between them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the loop that takes."""
        self._loop = loop
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        self._is_over = threading.Event()
        self._database: BaseDatabaseWrapper | None = None

    async def take(self) -> bytes | None:
        """Return the next block, None after the last."""
        block = await self._queue.get()
        self._room.release()
        return block

    def let_go(self) -> None:
        """Take no more; in the loop, hence without waiting for the server."""
        self._is_over.set()
        self._room.release()
        in_use = self._database.connection if self._database else None
        if in_use is not None:
            threading.Thread(target=_cancel, args=(in_use,), daemon=True).start()

    def work(self, blocks: Iterator[bytes]) -> None:
        """Give block after block; in the thread."""
        try:
            if self._is_over.is_set():
                return
            self._database = connections["default"]
            with closing(blocks):  # type: ignore[type-var]
                for block in blocks:
                    self._give(block)
        except Exception:
            if not self._is_over.is_set():
                raise
            log.info("a stream was abandoned")
        finally:
            self._database = None
            connections.close_all()
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._queue.put_nowait, None)

    def _give(self, block: bytes) -> None:
        """Pass a block on when there is room; raises Abandoned when nobody takes any."""
        if not self._room.acquire(timeout=LONGEST_STALL) or self._is_over.is_set():
            raise Abandoned
        self._loop.call_soon_threadsafe(self._queue.put_nowait, block)


def _cancel(in_use: "psycopg.Connection[Any]") -> None:
    """End the statement in progress; it may have ended by itself meanwhile."""
    with suppress(psycopg.Error):
        in_use.cancel_safe(timeout=CANCEL_SECONDS)
