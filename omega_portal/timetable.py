"""The beat: sends the timetable while it holds the lease, and only slots that were not sent.

Two beats never both send: the lease has one holder, its token fences off a holder that slept, and the
worker claims each slot once in any case.
"""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from celery.beat import Scheduler
from celery.utils.log import get_logger
from django.db import Error as DatabaseError
from django.db import close_old_connections
from kombu.exceptions import OperationalError

from apps.jobs import services
from apps.jobs.rules import is_due, newest_slot
from apps.jobs.selectors import runs_to_retry
from omega_portal.celery import TIMETABLE

log = get_logger(__name__)
IDLE_SECONDS = 0.5
RETRY_EVERY = timedelta(seconds=30)


class LeasedScheduler(Scheduler):
    """Celery's beat loop around our own timetable; nothing is kept in a file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name this beat for the lease."""
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.next_retry_at = datetime.now(UTC)
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Import the tasks' modules, so that a misspelt entry stops beat at once."""
        for name in TIMETABLE:
            app_name, task = name.split(".")
            getattr(import_module(f"apps.{app_name}.tasks"), task)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, if the lease is ours; returns the seconds until the next look."""
        close_old_connections()
        try:
            token = services.take_lease(self.holder)
            if token is not None:
                self._send_due(token, datetime.now(UTC))
        except (DatabaseError, OperationalError, OSError) as error:
            log.warning("nothing is sent, database or broker is away: %s", error)
        return IDLE_SECONDS

    def close(self) -> None:
        """Give the lease back, so that another beat takes over at once."""
        try:
            services.give_lease_back(self.holder)
        except DatabaseError:
            log.warning("the lease could not be given back; it ends by itself")
        super().close()

    def _send_due(self, token: int, now: datetime) -> None:
        """Send each due slot, then note it: a beat killed in between sends it again, and the worker runs it once."""
        marks = services.marked_slots()
        for name, slot in due_slots(marks, now):
            self._send(name, slot)
            services.mark_slot(name, slot, token)
        if now >= self.next_retry_at:
            self.next_retry_at = now + RETRY_EVERY
            for run in runs_to_retry(now):
                self._send(run.schedule, run.slot)

    def _send(self, name: str, slot: datetime) -> None:
        """Put one message on the broker; a frequent slot that nobody takes in time is not worked off later."""
        every = TIMETABLE[name]["every"]
        lifetime = max(every.total_seconds() * 2, 10)
        self.app.send_task(f"apps.{name.replace('.', '.tasks.')}", kwargs={"slot": slot.isoformat()}, expires=lifetime)


def due_slots(marks: dict[str, datetime], now: datetime) -> Iterator[tuple[str, datetime]]:
    """Return (schedule, newest slot) of every entry whose newest slot was not sent."""
    for name, when in TIMETABLE.items():
        offset = when.get("offset", timedelta(0))
        if is_due(when["every"], marks.get(name), now, offset):
            yield name, newest_slot(when["every"], now, offset)
