"""The pulse of this process: every second it writes that it takes heartbeats, and since when without a break.

Silence of a node means something only while somebody listened; whoever judges silence reads these rows.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from apps.ingest.database import Connection, Database, execute
from apps.ingest.errors import Unavailable, Unstorable

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 1.0
BREAK_SECONDS: Final = 5.0
STOP_SECONDS: Final = 2.0


class Continuity:
    """Since when pulses have come without a gap of more than five seconds, by the monotonic clock."""

    def __init__(self) -> None:
        """Start without any pulse."""
        self._last: float | None = None
        self._since: datetime | None = None

    def since(self, tick: float, now: datetime) -> datetime:
        """Return the start of the run that a pulse at this moment belongs to."""
        if self._since is None or self._last is None or tick - self._last > BREAK_SECONDS:
            return now
        return self._since

    def note(self, tick: float, since: datetime) -> None:
        """Remember a pulse that was written."""
        self._last, self._since = tick, since


class Pulse:
    """Writes the pulse until it is stopped, then takes its row away."""

    def __init__(self, database: Database, takes_heartbeats: Callable[[], bool]) -> None:
        """Choose a name no other process has, also when hosts and process ids repeat.

        There is a pulse only while `takes_heartbeats`: who cannot note a sign of life must not be counted on.
        """
        self.process_id = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._takes_heartbeats = takes_heartbeats
        self._continuity = Continuity()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End cleanly: nobody may count on this process from here on."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(Unavailable, Unstorable, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._database.run(self._end)

    async def _run(self) -> None:
        """Write a pulse every second; without the database there is simply none."""
        while True:
            began = time.monotonic()
            if self._takes_heartbeats():
                with contextlib.suppress(Unavailable, Unstorable):
                    await self._beat()
            await asyncio.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))

    async def _beat(self) -> None:
        """Write one pulse; it counts from the moment before it was written."""
        tick, now = time.monotonic(), datetime.now(UTC)
        since = self._continuity.since(tick, now)

        async def write(connection: Connection) -> None:
            params = {"process_id": self.process_id, "now": now, "unbroken_since": since}
            await execute(connection, "pulse.sql", params)

        await self._database.run(write)
        self._continuity.note(tick, since)

    async def _end(self, connection: Connection) -> None:
        """Take the row away."""
        await execute(connection, "end_pulse.sql", {"process_id": self.process_id})
