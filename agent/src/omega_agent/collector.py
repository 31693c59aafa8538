"""Measures on the beat, stores first, then offers the newest measurement for sending."""

import logging
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from omega_agent.config import Intervals
from omega_agent.latest import Latest, Tick
from omega_agent.logins import LoginReader
from omega_agent.logs import MinuteCounter, event
from omega_agent.processes import ProcessReader, logged_in_users
from omega_agent.spool import Item, Spool
from omega_agent.vitals import VitalsReader


@dataclass(slots=True)
class Health:
    """What sender and collector tell each other; single values, the last one wins."""

    clock_skew: float | None = None
    disk_error: str = ""


class Collector:
    """One `collect` per beat; a full disk costs only what the heartbeat cannot deliver either."""

    def __init__(self, intervals: Intervals, spool: Spool, latest: Latest, health: Health) -> None:
        self._every = intervals.processes_seconds
        self._spool, self._latest, self._health = spool, latest, health
        self._vitals, self._processes = VitalsReader(), ProcessReader()
        self._logins = LoginReader()
        self._slow_at = time.monotonic()
        self._failures = MinuteCounter("spool_write_failed")

    def collect(self) -> None:
        """Measure once, spool, offer."""
        at, now = round(time.time(), 3), time.monotonic()
        usage = {"at": at, **self._vitals.read()}
        samples, processes = self._slow_readings(at, now)
        items = [Item(at, "usage", usage), *(Item(at, "samples", sample) for sample in samples)]
        with self._latest.hand_over:
            self._latest.put(Tick(usage, samples, self._store(items, at)), processes)
        self._failures.tell(now)

    def _slow_readings(self, at: float, now: float) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        if now < self._slow_at:
            return [], None
        self._slow_at = now + self._every
        processes = self._processes.read()
        self._latest.put_logins(self._logins.read(at, processes, self._latest.logins()))
        return [{**sample, "at": at} for sample in self._own_samples()], {"at": at, "processes": processes}

    def _own_samples(self) -> list[dict[str, Any]]:
        values: dict[str, tuple[float | None, str]] = {
            "logged_in_users": (logged_in_users(), "count"),
            "clock_skew_seconds": (self._health.clock_skew, "s"),
        }
        try:
            values["agent_spool_rows"] = (self._spool.backlog(), "count")
            values["agent_dropped_samples"] = (self._spool.dropped(), "count")
        except sqlite3.Error as error:
            self._failures.add(str(error))
        return [
            {"type": name, "value": value, "unit": unit} for name, (value, unit) in values.items() if value is not None
        ]

    def _store(self, items: list[Item], now: float) -> list[int] | None:
        lost = self._latest.take_lost()
        try:
            ids = self._spool.add(items, now)
            if lost:
                self._spool.count_dropped(lost)
        except sqlite3.Error as error:
            self._latest.add_lost(lost)
            self._failures.add(str(error), len(items))
            self._health.disk_error = f"spool: {error}"[:200]
            return None
        if self._health.disk_error:
            event("spool_write_back", logging.INFO)
            self._health.disk_error = ""
        return ids
