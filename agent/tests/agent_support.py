"""What the agent's tests share: waiting, an agent run in this process, and the ledger of its spool."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from omega_agent.config import Config, Retry
from omega_agent.runner import Messages

LEDGER = """
SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'pending'),
       (SELECT count(*) FROM pending) + (SELECT coalesce(sum(items), 0) FROM batches),
       (SELECT sum(items) FROM quarantine),
       (SELECT value FROM facts WHERE name = 'dropped_items')
"""
QUICK = Retry(base_seconds=0.05, max_seconds=0.3, key_check_seconds=0.3, pending_seconds=0.3)


@dataclass
class Agent:
    """The agent's two loops, run in threads of the test."""

    config: Config
    messages: Messages
    thread: threading.Thread

    def stop(self) -> None:
        self.messages.put("stop")
        self.thread.join(10)
        assert not self.thread.is_alive()


Start = Callable[..., Agent]


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Look until it is true; fails the test when it never becomes so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass(frozen=True)
class Ledger:
    """What became of every item ever spooled."""

    spooled: int
    waiting: int
    quarantined: int
    dropped: int


def read_ledger(path: Path) -> Ledger:
    """Count from the spool's file; row ids are never used twice, so the last one is the number ever stored."""
    if not path.exists():
        return Ledger(0, 0, 0, 0)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        if database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'facts'").fetchone() == (0,):
            return Ledger(0, 0, 0, 0)
        row = database.execute(LEDGER).fetchone()
    return Ledger(*(int(value or 0) for value in row))
