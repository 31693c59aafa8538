"""What each sender sent, counted in memory and added to `ingest_trust` every ten seconds and at the end.

Nothing here stands in the way of an answer: counting adds to a dictionary. Without the database the counts wait, of at
most 20,000 nodes and days, and what does not fit is lost: these are statistics, samples are not among them.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from apps.ingest.database import Connection, Database, execute
from apps.ingest.errors import Unavailable, Unstorable
from apps.ingest.samples import Write, Written
from apps.ingest.shapes import Spool
from apps.ingest.verdicts import seconds_of

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 10.0
STOP_SECONDS: Final = 2.0
MOST_KEPT: Final = 20_000
AT_ONCE: Final = 2_000
LATEST: Final = 4e9
_encode = msgspec.json.Encoder().encode
Key = tuple[UUID, date]


@dataclass(slots=True)
class Counts:
    """What one node sent on one UTC day since the last time it was written."""

    totals: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    tolerated: Counter[str] = field(default_factory=Counter)
    protocols: Counter[str] = field(default_factory=Counter)
    skew_min: float | None = None
    skew_max: float | None = None
    late_max: float | None = None
    version: str = ""
    spool: dict[str, Any] | None = None

    def skewed(self, seconds: float) -> None:
        """Take the difference of a machine's clock to ours."""
        self.skew_min = seconds if self.skew_min is None else min(self.skew_min, seconds)
        self.skew_max = seconds if self.skew_max is None else max(self.skew_max, seconds)

    def late(self, seconds: float) -> None:
        """Take how long the oldest sample of a request was under way."""
        self.late_max = seconds if self.late_max is None else max(self.late_max, seconds)

    def add(self, later: "Counts") -> None:
        """Add what was counted after this."""
        for name in ("totals", "rejected", "refused", "tolerated", "protocols"):
            getattr(self, name).update(getattr(later, name))
        for skew in (later.skew_min, later.skew_max):
            if skew is not None:
                self.skewed(skew)
        if later.late_max is not None:
            self.late(later.late_max)
        self.version = later.version or self.version
        self.spool = later.spool or self.spool


class Trust:
    """The counts of this process and their way to the database."""

    def __init__(self, database: Database, every: float = EVERY_SECONDS) -> None:
        """Take where counts go, and how often."""
        self._database = database
        self._every = every
        self._counts: dict[Key, Counts] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Count the nodes and days that wait."""
        return len(self._counts)

    def start(self) -> None:
        """Begin in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, writing what is left if the database takes it in time."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.flush()

    def note(self, protocol: str, write: Write, written: Written) -> None:
        """Count a request that was stored."""
        counts = self._of(written.node_id, write.now)
        if counts is None:
            return
        counts.protocols[protocol] += 1
        counts.totals["accepted"] += written.accepted
        counts.totals["duplicate"] += written.duplicate
        counts.totals["rejected"] += len(written.rejected)
        counts.totals["batches"] += write.batch_id is not None
        counts.rejected.update(one.code for one in written.rejected)
        counts.tolerated.update(write.tolerated)
        counts.version = write.agent_version or counts.version
        if (oldest := _oldest(write)) is not None:
            counts.late(max(0.0, write.now.timestamp() - oldest))

    def beat(
        self, node_id: UUID, *, skew: float | None, spool: Spool | None, version: str | None, now: datetime
    ) -> None:
        """Count a heartbeat with what the machine says of itself."""
        counts = self._of(node_id, now)
        if counts is None:
            return
        counts.totals["heartbeats"] += 1
        counts.version = version or counts.version
        if skew is not None:
            counts.skewed(skew)
        if spool is not None:
            counts.spool = _told(spool, now)

    def repeated(self, node_id: UUID, now: datetime) -> None:
        """Count a batch that was answered from the receipt of its first time."""
        if (counts := self._of(node_id, now)) is not None:
            counts.totals["repeated"] += 1

    def refused(self, node_id: UUID, code: str, now: datetime) -> None:
        """Count a whole request of a known node that was refused."""
        if (counts := self._of(node_id, now)) is not None:
            counts.refused[code] += 1

    async def flush(self) -> bool:
        """Add everything counted so far; whether the database took it. What it did not take waits.

        Counts whose COMMIT was done but whose answer was lost are added twice: these are statistics.
        """
        while self._counts:
            keys = list(self._counts)[:AT_ONCE]
            taken = {key: self._counts.pop(key) for key in keys}
            try:
                await self._database.run(lambda connection, rows=taken: _store(connection, rows))  # type: ignore[misc]
            except Unavailable:
                self._keep(taken)
                return False
            except Unstorable:
                log.error("counts of %s nodes were lost", len(taken))
            except asyncio.CancelledError:
                self._keep(taken)
                raise
        return True

    async def _run(self) -> None:
        """Write now and then."""
        while True:
            await asyncio.sleep(self._every)
            await self.flush()

    def _of(self, node_id: UUID, now: datetime) -> Counts | None:
        """Return the counts of a node's day; None when there is no room for another."""
        key = (node_id, now.astimezone(UTC).date())
        found = self._counts.get(key)
        if found is None and len(self) < MOST_KEPT:
            found = self._counts[key] = Counts()
        return found

    def _keep(self, taken: dict[Key, Counts]) -> None:
        """Put counts back that could not be written, ahead of those that came meanwhile."""
        for key, earlier in taken.items():
            if (later := self._counts.get(key)) is not None:
                earlier.add(later)
            elif len(self) >= MOST_KEPT:
                continue
            self._counts[key] = earlier


async def _store(connection: Connection, rows: dict[Key, Counts]) -> None:
    """Add counts in one statement, in an order that keeps two processes from waiting for each other."""
    told = [_row(key, counts) for key, counts in sorted(rows.items(), key=lambda item: (item[0][0].int, item[0][1]))]
    await execute(connection, "add_trust.sql", {"rows": _encode(told).decode()})


def _row(key: Key, counts: Counts) -> dict[str, Any]:
    """Return one node's day as the statement takes it."""
    return {
        "node_id": key[0],
        "day": key[1],
        **counts.totals,
        "rejected_codes": counts.rejected,
        "refused_codes": counts.refused,
        "tolerated": counts.tolerated,
        "protocols": counts.protocols,
        "skew_min": counts.skew_min,
        "skew_max": counts.skew_max,
        "late_seconds_max": counts.late_max,
        "agent_version": counts.version[:50],
        **(counts.spool or {}),
    }


def _oldest(write: Write) -> float | None:
    """Return when the oldest sample of a request was taken, epoch seconds; None when it holds none."""
    times = [float(row["at"]) for row in write.usage]
    if write.samples is not None and len(write.samples):
        times.append(float(write.samples.at.min()))
    return min(times, default=None)


def _told(spool: Spool, now: datetime) -> dict[str, Any]:
    """Return what an agent says of its spool; a time nobody can read, or none of this century, is left out."""
    oldest = None if spool.oldest_at is None else seconds_of(spool.oldest_at, 0.0)
    is_sane = oldest is not None and 0.0 <= oldest <= LATEST
    return {
        "spool_at": now,
        "spool_waiting": spool.waiting,
        "spool_oldest_at": datetime.fromtimestamp(oldest, UTC) if oldest is not None and is_sane else None,
        "spool_dropped": spool.dropped,
        "spool_quarantined": spool.quarantined,
    }
