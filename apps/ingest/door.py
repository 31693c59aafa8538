"""The three calls of the agents, from a request to the content of its answer: read, decode, judge, store, tell."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

from apps.ingest.announcer import Announcer
from apps.ingest.body import Held, Share, declared_size, read_body
from apps.ingest.database import Connection, Database
from apps.ingest.decode import HEARTBEAT, METRICS, PROCESSES, decode
from apps.ingest.keys import Caller, Outcome, identify, waits_for_approval
from apps.ingest.limits import Limits
from apps.ingest.requests import Request
from apps.ingest.store.heartbeat import judge_heartbeat, store_heartbeat
from apps.ingest.store.metrics import judge_batch, store_batch
from apps.ingest.store.processes import judge_processes, store_processes

Content = dict[str, Any]
Judged = TypeVar("Judged")
# Below this a body is cheaper to read than its sender is to look up; above it, strangers are turned away first.
SMALL_BYTES: Final = 64 * 1024
# Larger bodies are decoded beside the event loop, one at a time: heartbeats go on, and memory stays bounded.
LARGE_BYTES: Final = 256 * 1024


class Door:
    """What all requests of this process share."""

    def __init__(self, database: Database, announcer: Announcer) -> None:
        """Take where data goes, and who is told."""
        self._database = database
        self._announcer = announcer
        self._limits = Limits()
        self._held = Held()
        self._large = asyncio.Lock()

    async def heartbeat(self, request: Request) -> Content:
        """Take a heartbeat; raises PortalError."""
        with self._held.share() as share:
            body = await self._read(request, share)
            judged = await self._judge(body, lambda: judge_heartbeat(decode(body, HEARTBEAT), request.now))
            caller = _caller(request, judged.beat.node_id)
            content = await self._store(partial(store_heartbeat, caller=caller, judged=judged, now=request.now))
        if not content:
            raise waits_for_approval()
        return content

    async def metrics(self, request: Request) -> Content:
        """Take a batch of samples and vitals; raises PortalError."""
        with self._held.share() as share:
            body = await self._read(request, share)
            judged = await self._judge(body, lambda: judge_batch(decode(body, METRICS), request.now))
            caller = _caller(request, judged.batch.node_id)
            return await self._store(partial(store_batch, caller=caller, judged=judged, now=request.now))

    async def processes(self, request: Request) -> Content:
        """Take the top processes of a machine; raises PortalError."""
        with self._held.share() as share:
            body = await self._read(request, share)
            judged = await self._judge(body, lambda: judge_processes(decode(body, PROCESSES).body, request.now))
            caller = _caller(request, judged.body.node_id)
            return await self._store(partial(store_processes, caller=caller, judged=judged, now=request.now))

    async def _read(self, request: Request, share: Share) -> bytes:
        """Read a body within all limits."""
        self._limits.spend(request.key.digest, time.monotonic())
        if declared_size(request.headers) > SMALL_BYTES:
            await self._database.run(partial(identify, caller=_caller(request, None), now=request.now))
        return await read_body(request.headers, request.receive, share)

    async def _judge(self, body: bytes, judge: Callable[[], Judged]) -> Judged:
        """Decode and judge a body, a large one without holding up the others."""
        if len(body) <= LARGE_BYTES:
            return judge()
        async with self._large:
            return await asyncio.to_thread(judge)

    async def _store(self, work: Callable[[Connection], Awaitable[Outcome]]) -> Content:
        """Do the transaction, then tell the pages; returns the content of the answer."""
        outcome = await self._database.run(work)
        self._announcer.tell(("nodes", f"node:{outcome.node_id}"))
        return outcome.content


def _caller(request: Request, node_id: str | None) -> Caller:
    """Return who knocks, with the node the body names."""
    return Caller(request.key, request.address, node_id)
