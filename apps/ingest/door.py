"""The calls of the agents, from a request to the content of its answer: read, decode, judge, store, tell."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from apps.core.errors import Unauthenticated
from apps.ingest.announcer import Announcer
from apps.ingest.body import Held, Share, declared_size, read_body
from apps.ingest.database import Connection, Database
from apps.ingest.decode import HEARTBEAT, LOGINS, METRICS, PROCESSES, Kind, Received, decode
from apps.ingest.judge import Judged, judge_batch, judge_heartbeat, judge_processes
from apps.ingest.key_cache import KeyCache
from apps.ingest.keys import Caller, Outcome, identify_one
from apps.ingest.lanes import Bounds, Lane
from apps.ingest.limits import Limits
from apps.ingest.requests import Request
from apps.ingest.samples import Write, Written
from apps.ingest.store.group import Stored, store_group
from apps.ingest.store.logins import judge_logins, store_logins
from apps.ingest.store.memory import Memory
from apps.ingest.work import Done, Work

Content = dict[str, Any]
T = TypeVar("T")
# Below this a body is cheaper to read than its sender is to look up; above it, strangers are turned away first.
SMALL_BYTES: Final = 64 * 1024
# Larger bodies are decoded beside the event loop, one at a time: heartbeats go on, and memory stays bounded.
LARGE_BYTES: Final = 256 * 1024
MEGABYTE: Final = 1024 * 1024
HEARTBEATS: Final = Bounds(most_waiting=4000, most_bytes=16 * MEGABYTE, group_requests=256, group_items=8_000)
BULK: Final = Bounds(most_waiting=1000, most_bytes=24 * MEGABYTE, group_requests=64, group_items=20_000)
BULK_FLUSHERS: Final = 2


class Door:
    """What all requests of this process share; heartbeats have a lane and a connection of their own."""

    def __init__(self, database: Database, announcer: Announcer, most_series: int) -> None:
        """Take where data goes, who is told, and how many series a node may have."""
        self._database = database
        self._announcer = announcer
        self._limits = Limits()
        self.keys = KeyCache()
        self.held = Held()
        self._large = asyncio.Lock()
        self._memory = Memory(most_series)
        self._connections = database.like(1), database.like(BULK_FLUSHERS)
        beats, bulk = (partial(self._store, connections) for connections in self._connections)
        self._beats, self._bulk = Lane(beats, HEARTBEATS, 1), Lane(bulk, BULK, BULK_FLUSHERS)

    async def open(self) -> None:
        """Start the lanes."""
        for connections in self._connections:
            await connections.open()
        self._beats.start()
        self._bulk.start()

    async def close(self) -> None:
        """Store what is queued, then end."""
        await asyncio.gather(self._beats.stop(), self._bulk.stop())
        for connections in self._connections:
            await connections.close()

    async def write(self, write: Write) -> Written:
        """Store a request with the next group and return after COMMIT; raises PortalError."""
        return (await self._put(self._bulk, Work(write))).as_written()

    async def heartbeat(self, request: Request) -> Content:
        """Take a heartbeat; raises PortalError."""
        done = await self._take(request, HEARTBEAT, judge_heartbeat, self._beats)
        return {
            # No configuration is wanted yet, hence the empty hash.
            "config_hash": "",
            "commands": done.commands,
            "next_in_seconds": done.reporter.heartbeat_interval_seconds,
            "server_time": request.now.isoformat(),
            "accepted": done.accepted,
            "rejected": done.rejected,
        }

    async def metrics(self, request: Request) -> Content:
        """Take a batch of samples and vitals; raises PortalError."""
        done = await self._take(request, METRICS, judge_batch, self._bulk)
        return {
            "accepted": done.accepted,
            "duplicate": done.duplicate,
            "rejected": done.rejected,
            "server_time": done.received_at.astimezone(UTC).isoformat(),
        }

    async def processes(self, request: Request) -> Content:
        """Take the top processes of a machine; raises PortalError."""
        done = await self._take(request, PROCESSES, judge_processes, self._bulk)
        return {"accepted": done.accepted, "duplicate": done.duplicate, "server_time": request.now.isoformat()}

    async def logins(self, request: Request) -> Content:
        """Take logins and logouts on a machine; raises PortalError."""
        with self.held.share() as share:
            body = await self.read(request, share)
            judged = await self.judge(body, lambda: judge_logins(decode(body, LOGINS), request.now))
            caller = Caller(request.key, request.address, judged.body.node_id)
            outcome: Outcome = await self._database.run(
                partial(store_logins, caller=caller, judged=judged, now=request.now)
            )
        self._tell(outcome.node_id)
        return outcome.content

    async def read(self, request: Request, share: Share) -> bytes:
        """Read a body within all limits; raises PortalError."""
        self._limits.spend(request.key.digest, time.monotonic())
        caller = Caller(request.key, request.address)
        if not self.keys.is_known(caller) and declared_size(request.headers) > SMALL_BYTES:
            await self._look_up(caller, request.now)
        return await read_body(request.headers, request.receive, share)

    async def judge(self, body: bytes, judge: Callable[[], T], at_once: int = LARGE_BYTES) -> T:
        """Decode and judge a body, one larger than `at_once` bytes without holding up the others."""
        if len(body) <= at_once:
            return judge()
        async with self._large:
            return await asyncio.to_thread(judge)

    async def _take(
        self,
        request: Request,
        kind: Kind[Any],
        judge: Callable[[Received[Any], Caller, datetime], Judged],
        lane: Lane,
    ) -> Done:
        """Read, judge and store one request."""
        with self.held.share() as share:
            body = await self.read(request, share)
            caller = Caller(request.key, request.address)
            judged = await self.judge(body, lambda: judge(decode(body, kind), caller, request.now))
            judged.work.write.caller = Caller(request.key, request.address, judged.node_id)
            judged.work.write.size = len(body)
            return await self._put(lane, judged.work)

    async def _put(self, lane: Lane, work: Work) -> Done:
        """Queue a work, and tell pages of it once it is stored."""
        try:
            done = await lane.put(work)
        except Unauthenticated:
            self.keys.note(_anybody(work), is_good=False)
            raise
        self.keys.note(_anybody(work), is_good=True)
        self._tell(done.reporter.node_id)
        return done

    async def _store(self, connections: Database, works: Sequence[Work]) -> Stored:
        """Store a group."""
        now = datetime.now(UTC)
        return await connections.lend(partial(store_group, works=works, memory=self._memory, now=now))

    async def _look_up(self, caller: Caller, now: datetime) -> None:
        """Refuse a stranger; raises PortalError."""

        async def look(connection: Connection) -> None:
            await identify_one(connection, caller, now)

        try:
            await self._database.run(look)
        except Unauthenticated:
            self.keys.note(caller, is_good=False)
            raise
        self.keys.note(caller, is_good=True)

    def _tell(self, node_id: object) -> None:
        """Tell pages that a node reported."""
        self._announcer.tell(("nodes", f"node:{node_id}"))


def _anybody(work: Work) -> Caller:
    """Return who sent a work, whatever node its body named."""
    return Caller(work.write.caller.key, work.write.caller.address)
