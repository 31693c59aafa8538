"""The calls of the agents, from a request to the content of its answer: read, decode, judge, store, tell."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from apps.core.errors import Unauthenticated
from apps.ingest.announcer import Announcer
from apps.ingest.body import Held, Share, declared_size, read_body
from apps.ingest.database import Connection, Database
from apps.ingest.decode import HEARTBEAT, LOGINS, METRICS, PROCESSES, Kind, Received, decode
from apps.ingest.errors import KeptWaiting, Unavailable, busy, kept_waiting
from apps.ingest.judge import Judged, judge_batch, judge_heartbeat, judge_processes
from apps.ingest.key_cache import KeyCache
from apps.ingest.keys import Caller, KnownRefused, identify_one
from apps.ingest.lanes import Bounds, Lane, Patience
from apps.ingest.limits import Limits
from apps.ingest.requests import Request
from apps.ingest.samples import Write, Written
from apps.ingest.store.alone import Sign, note_signs_of_life
from apps.ingest.store.group import Stored, store_group
from apps.ingest.store.logins import judge_logins, store_logins
from apps.ingest.store.memory import Memory
from apps.ingest.trust import Trust
from apps.ingest.work import Beat, Done, Work

Content = dict[str, Any]
T = TypeVar("T")
# Below this a body is cheaper to read than its sender is to look up; above it, strangers are turned away first.
SMALL_BYTES: Final = 64 * 1024
# Larger bodies are decoded beside the event loop, one at a time: heartbeats go on, and memory stays bounded.
LARGE_BYTES: Final = 256 * 1024
LARGE_WAIT_SECONDS: Final = 15.0
MEGABYTE: Final = 1024 * 1024
HEARTBEATS: Final = Bounds(most_waiting=4000, most_bytes=16 * MEGABYTE, group_requests=256, group_items=8_000)
BULK: Final = Bounds(most_waiting=1000, most_bytes=24 * MEGABYTE, group_requests=64, group_items=20_000)
BULK_FLUSHERS: Final = 2
# How many milliseconds data waits for a lock: others of the group wait with it, and what follows behind.
# Those behind heartbeats have only the patience of who judges silence, those behind batches that of the queue.
BEAT_LOCKS: Final = {Patience.LONG: 1000, Patience.SHORT: 200, Patience.HARDLY: 20}
BULK_LOCKS: Final = {Patience.LONG: 2000, Patience.SHORT: 500, Patience.HARDLY: 20}
AGENT: Final = "agent"


class Door:
    """What all requests of this process share; heartbeats have a lane and a connection of their own."""

    def __init__(self, database: Database, announcer: Announcer, trust: Trust, most_series: int) -> None:
        """Take where data goes, who is told, where is counted, and how many series a node may have."""
        self._database = database
        self._announcer = announcer
        self._trust = trust
        self._limits = Limits()
        self.keys = KeyCache()
        self.held = Held()
        # Bodies of other protocols may take seconds each: agents' own need not queue behind them.
        self._large_own, self._large_foreign = asyncio.Lock(), asyncio.Lock()
        self._memory = Memory(most_series)
        self._connections = database.like(1), database.like(BULK_FLUSHERS)
        self._beats = Lane(self._store_beats, HEARTBEATS, 1)
        self._bulk = Lane(self._store_bulk, BULK, BULK_FLUSHERS)

    @property
    def takes_heartbeats(self) -> bool:
        """Whether a sign of life that comes now counts, even if its data has to wait."""
        return self._beats.is_storing

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

    async def write(self, write: Write, protocol: str = AGENT) -> Written:
        """Store a request with the next group and return after COMMIT; raises PortalError."""
        return (await self._put(self._bulk, Work(write), protocol)).as_written()

    async def heartbeat(self, request: Request) -> Content:
        """Take a heartbeat; raises PortalError."""
        work = await self._receive(request, HEARTBEAT, judge_heartbeat)
        done = await self._put(self._beats, work)
        self._show(done.reporter.node_id, work)
        if work.beat:
            self._trust.beat(
                done.reporter.node_id,
                skew=work.beat.clock_skew,
                spool=work.beat.spool,
                version=work.write.agent_version,
                now=request.now,
            )
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
        done = await self._put(self._bulk, await self._receive(request, METRICS, judge_batch))
        return {
            "accepted": done.accepted,
            "duplicate": done.duplicate,
            "rejected": done.rejected,
            "server_time": done.received_at.astimezone(UTC).isoformat(),
        }

    async def processes(self, request: Request) -> Content:
        """Take the top processes of a machine; raises PortalError."""
        done = await self._put(self._bulk, await self._receive(request, PROCESSES, judge_processes))
        return {"accepted": done.accepted, "duplicate": done.duplicate, "server_time": request.now.isoformat()}

    async def logins(self, request: Request) -> Content:
        """Take logins and logouts on a machine; raises PortalError."""
        with self.held.share() as share:
            body = await self.read(request, share)
            judged = await self.judge(body, lambda: judge_logins(decode(body, LOGINS), request.now))
            caller = Caller(request.key, request.address, judged.body.node_id)
            with self._noting(caller, request.now):
                outcome = await self._database.run(partial(store_logins, caller=caller, judged=judged, now=request.now))
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
        """Decode and judge a body, one larger than `at_once` bytes beside the others; raises PortalError."""
        if len(body) <= at_once:
            return judge()
        large = self._large_own if at_once == LARGE_BYTES else self._large_foreign
        try:
            async with asyncio.timeout(LARGE_WAIT_SECONDS):
                await large.acquire()
        except TimeoutError:
            raise busy() from None
        try:
            return await asyncio.to_thread(judge)
        finally:
            large.release()

    async def _receive(
        self, request: Request, kind: Kind[Any], judge: Callable[[Received[Any], Caller, datetime], Judged]
    ) -> Work:
        """Read and judge one request."""
        with self.held.share() as share:
            body = await self.read(request, share)
            caller = Caller(request.key, request.address)
            judged = await self.judge(body, lambda: judge(decode(body, kind), caller, request.now))
        judged.work.write.caller = Caller(request.key, request.address, judged.node_id)
        judged.work.write.size = len(body)
        return judged.work

    async def _put(self, lane: Lane, work: Work, protocol: str = AGENT) -> Done:
        """Store a work with its lane's next group; once that is committed it is counted, and pages are told."""
        with self._noting(work.write.caller, work.write.now):
            done = await lane.put(work)
        if done.is_repeat:
            self._trust.repeated(done.reporter.node_id, work.write.now)
        else:
            self._trust.note(protocol, work.write, done.as_written())
        self._tell(done.reporter.node_id)
        return done

    async def _store_bulk(self, works: Sequence[Work], *, patience: Patience) -> Stored:
        """Store a group of anything but heartbeats."""
        return await self._store(self._connections[1], works, BULK_LOCKS[patience])

    async def _store_beats(self, works: Sequence[Work], *, patience: Patience) -> Stored:
        """Store a group of heartbeats; where somebody's locks hold up their data, their signs of life count at once."""
        milliseconds = BEAT_LOCKS[patience]
        try:
            return await self._store(self._connections[0], works, milliseconds)
        except KeptWaiting:
            raise kept_waiting(await self._note_signs(works, milliseconds)) from None

    async def _store(self, connections: Database, works: Sequence[Work], milliseconds: int) -> Stored:
        """Store a group; raises PortalError."""
        store = partial(
            store_group, works=works, memory=self._memory, now=datetime.now(UTC), lock_milliseconds=milliseconds
        )
        return await connections.lend(store)

    async def _note_signs(self, works: Sequence[Work], milliseconds: int) -> frozenset[int]:
        """Note signs of life without their data; return the places of those whose node's row somebody holds."""
        note = partial(note_signs_of_life, works=works, now=datetime.now(UTC), lock_milliseconds=milliseconds)
        try:
            signs = await self._connections[0].lend(note)
        except KeptWaiting as waited:
            # Not even that much could be done: nobody's rows, but the table is in the way.
            raise Unavailable(waited.code, waited.detail) from None
        for work, sign in zip(works, signs, strict=True):
            if isinstance(sign, Sign):
                self._show(sign.node_id, work)
                self._tell(sign.node_id)
        return frozenset(place for place, sign in enumerate(signs) if isinstance(sign, Sign) and not sign.is_noted)

    async def _look_up(self, caller: Caller, now: datetime) -> None:
        """Refuse a stranger; raises PortalError."""

        async def look(connection: Connection) -> None:
            await identify_one(connection, caller, now)

        with self._noting(caller, now):
            await self._database.run(look)

    @contextmanager
    def _noting(self, caller: Caller, now: datetime) -> Iterator[None]:
        """Remember for a moment what the database said of a key, and count a refusal of a node that is known."""
        anybody = Caller(caller.key, caller.address)
        try:
            yield
        except Unauthenticated:
            self.keys.note(anybody, is_good=False)
            raise
        except KnownRefused as refusal:
            self._trust.refused(refusal.node_id, refusal.code, now)
            raise
        self.keys.note(anybody, is_good=True)

    def _show(self, node_id: UUID, work: Work) -> None:
        """Show readers that a node is alive."""
        if work.beat:
            self._announcer.beat(node_id, _pulse(work, work.beat))

    def _tell(self, node_id: object) -> None:
        """Tell pages that a node reported."""
        self._announcer.tell(("nodes", f"node:{node_id}"))


def _pulse(work: Work, beat: Beat) -> dict[str, Any]:
    """Return what others are told of a heartbeat at once."""
    usage = work.write.usage[0] if work.write.usage else {}
    vitals: dict[str, Any] = {name: usage[name] for name in ("cpu_percent", "ram_percent") if name in usage}
    return {"status": beat.status, "received_at": work.write.now, **vitals}
