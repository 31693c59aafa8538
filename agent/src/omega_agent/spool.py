"""The disk spool: what was measured waits here until the server has it, bounded by size and age.

Guarantees: an item is on disk (fsync) when `add` returns its id; items leave oldest first; a frozen batch
keeps its id and bytes through crashes; whatever the bounds take away is counted. Every method may raise
sqlite3.Error (disk full).
"""

import json
import logging
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from omega_agent.config import SpoolLimits
from omega_agent.logs import event
from omega_agent.statements import SCHEMA, SPOOL

ListName = Literal["usage", "samples"]
DROPPED = "dropped_items"
QUARANTINED_BATCHES = 100
DAY = 86400.0
MEMORY = Path(":memory:")
IN_MEMORY_MEGABYTES = 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """One measurement: `at` in epoch seconds, the request list it belongs to, and its JSON object."""

    at: float
    list: ListName
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """A frozen request: the same id and bytes on every attempt."""

    batch_id: str
    first_id: int
    newest_at: float
    items: int
    body: bytes


class Spool:
    """One SQLite file (WAL, synchronous=FULL: one fsync per measurement buys survival of a power cut)."""

    def __init__(self, path: Path, limits: SpoolLimits) -> None:
        self._lock = threading.Lock()
        self._limits = limits
        if path != MEMORY:
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA journal_size_limit = 1048576")
        self._db.execute("PRAGMA cache_size = -512")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(self, items: Sequence[Item], now: float) -> list[int]:
        """Store items in one transaction, then apply the bounds; returns their ids."""
        with self._write():
            ids = [self._insert(item) for item in items]
            self._drop_expired(now - self._limits.max_days * DAY)
            self._drop_oversize()
        return ids

    def remove(self, ids: Sequence[int]) -> None:
        """Forget items that the server has; ids already gone are fine."""
        if ids:
            with self._write():
                self._db.executemany(SPOOL["remove_item"], [(item_id,) for item_id in ids])

    def next_batch(self, max_items: int) -> Batch | None:
        """The oldest frozen batch, else the oldest items frozen into a new one, else None."""
        with self._write():
            return self._oldest_batch() or self._freeze(max_items)

    def finish(self, batch: Batch) -> None:
        """The server has the batch."""
        with self._write():
            self._db.execute(SPOOL["remove_batch"], (batch.batch_id,))
            self._db.execute("PRAGMA incremental_vacuum(256)").fetchall()

    def split(self, batch: Batch) -> bool:
        """Replace a batch by its two halves under new ids; False, and no change, for a single item."""
        if batch.items < 2:
            return False
        entries = _entries(batch.body)
        middle = len(entries) // 2
        with self._write():
            self._db.execute(SPOOL["remove_batch"], (batch.batch_id,))
            self._insert_batch(batch.first_id, batch.newest_at, entries[:middle])
            self._insert_batch(batch.first_id + middle, batch.newest_at, entries[middle:])
        return True

    def quarantine(self, batch: Batch, status: int, code: str, detail: str, now: float) -> None:
        """Set a refused batch aside for a person; the newest 100 within an eighth of the size are kept."""
        row = (batch.batch_id, now, status, code, detail[:500], batch.items, batch.body)
        with self._write():
            self._db.execute(SPOOL["remove_batch"], (batch.batch_id,))
            self._db.execute(SPOOL["add_quarantine"], row)
            self._trim_quarantine()

    def backlog(self) -> int:
        """Items not yet acknowledged, frozen or not."""
        with self._lock:
            return int(self._db.execute(SPOOL["count_items"]).fetchone()[0])

    def standing(self, before: int) -> dict[str, Any]:
        """What a heartbeat tells of the spool, items from id `before` on left out: the heartbeat carries those.

        `oldest_at` is exact for items not yet in a batch, and of the oldest batch's newest item otherwise.
        """
        with self._lock:
            row = self._db.execute(SPOOL["standing"], {"before": before}).fetchone()
        waiting, both, either, quarantined = row
        oldest = either if both is None else both
        told = {"waiting": waiting, "dropped": self.dropped(), "quarantined": quarantined}
        return told if oldest is None else {**told, "oldest_at": oldest}

    def dropped(self) -> int:
        """Items the bounds took away since the spool was made."""
        return int(self.fact(DROPPED) or 0)

    def count_dropped(self, count: int) -> None:
        """Add losses that happened outside the file (disk full)."""
        with self._write():
            self._count_dropped(count)

    def fact(self, name: str) -> str | None:
        """A remembered value."""
        with self._lock:
            row = self._db.execute(SPOOL["read_fact"], (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Remember a value across restarts."""
        with self._write():
            self._db.execute(SPOOL["write_fact"], (name, value))

    def command_result(self, command_id: str) -> tuple[str, str] | None:
        """(status, detail) of a command carried out before, so that it is never carried out twice."""
        with self._lock:
            row = self._db.execute(SPOOL["read_command"], (command_id,)).fetchone()
        return None if row is None else (row[0], row[1])

    def unreported_commands(self) -> list[tuple[str, str, str]]:
        """(command id, status, detail) of results the portal has not got yet, oldest first."""
        with self._lock:
            return self._db.execute(SPOOL["unreported_commands"]).fetchall()

    def record_command(self, command_id: str, status: str, detail: str, reported: bool) -> None:
        """Keep a command's result; the newest 200 are kept."""
        with self._write():
            self._db.execute(SPOOL["write_command"], (command_id, status, detail, reported))
            self._db.execute(SPOOL["trim_commands"])

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _insert(self, item: Item) -> int:
        body = json.dumps(item.body, separators=(",", ":"), allow_nan=False)
        return int(self._db.execute(SPOOL["add_item"], (item.at, item.list, body)).lastrowid or 0)

    def _oldest_batch(self) -> Batch | None:
        row = self._db.execute(SPOOL["oldest_batch"]).fetchone()
        return None if row is None else Batch(*row)

    def _freeze(self, max_items: int) -> Batch | None:
        rows = self._db.execute(SPOOL["oldest_items"], (max_items,)).fetchall()
        if not rows:
            return None
        self._db.execute(SPOOL["remove_items_through"], (rows[-1][0],))
        newest_at = max(row[1] for row in rows)
        return self._insert_batch(rows[0][0], newest_at, [(row[2], json.loads(row[3])) for row in rows])

    def _insert_batch(self, first_id: int, newest_at: float, entries: list[tuple[str, Any]]) -> Batch:
        batch_id = str(uuid.uuid4())
        content = {
            "batch_id": batch_id,
            "samples": [body for name, body in entries if name == "samples"],
            "usage": [body for name, body in entries if name == "usage"],
        }
        body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        batch = Batch(batch_id, first_id, newest_at, len(entries), body)
        self._db.execute(SPOOL["add_batch"], (batch_id, first_id, newest_at, batch.items, body))
        return batch

    def _drop_expired(self, before: float) -> None:
        while row := self._db.execute(SPOOL["expired_batch"], (before,)).fetchone():
            self._drop_batch(row[0], row[1])
        self._count_dropped(self._db.execute(SPOOL["remove_expired_items"], (before,)).rowcount)

    def _drop_oversize(self) -> None:
        while self._used_bytes() > self._limits.max_megabytes * 1e6:
            if (batch := self._oldest_batch()) is not None:
                self._drop_batch(batch.batch_id, batch.items)
                continue
            removed = self._db.execute(SPOOL["remove_oldest_items"], (64,)).rowcount
            if removed == 0:
                return
            self._count_dropped(removed)

    def _drop_batch(self, batch_id: str, items: int) -> None:
        self._db.execute(SPOOL["remove_batch"], (batch_id,))
        self._count_dropped(items)

    def _count_dropped(self, count: int) -> None:
        if count > 0:
            row = self._db.execute(SPOOL["read_fact"], (DROPPED,)).fetchone()
            self._db.execute(SPOOL["write_fact"], (DROPPED, str(int(row[0] if row else 0) + count)))

    def _trim_quarantine(self) -> None:
        room = self._limits.max_megabytes * 1e6 / 8
        for position, (row_id, size) in enumerate(self._db.execute(SPOOL["quarantine_rows"]).fetchall()):
            room -= size
            if position and (position >= QUARANTINED_BATCHES or room < 0):
                self._db.execute(SPOOL["trim_quarantine"], (row_id,))
                return

    def _used_bytes(self) -> int:
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size


def open_spool(path: Path, limits: SpoolLimits) -> Spool:
    """Open the spool; a broken file is set aside, and without a usable disk the spool lives in memory.

    A node with a full disk must still report, precisely because its disk is full.
    """
    try:
        return Spool(path, limits)
    except sqlite3.OperationalError as error:
        event("spool_in_memory", logging.ERROR, error=error, path=path)
    except sqlite3.DatabaseError as error:
        aside = path.with_suffix(f".broken-{int(time.time())}")
        event("spool_set_aside", logging.ERROR, error=error, kept_as=aside)
        path.rename(aside)
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        return Spool(path, limits)
    return Spool(MEMORY, replace(limits, max_megabytes=min(limits.max_megabytes, IN_MEMORY_MEGABYTES)))


def _entries(body: bytes) -> list[tuple[str, Any]]:
    content = json.loads(body)
    entries = [(name, item) for name in ("samples", "usage") for item in content[name]]
    return sorted(entries, key=lambda entry: float(entry[1].get("at", 0)))
