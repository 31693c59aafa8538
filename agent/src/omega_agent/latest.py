"""The hand-over from measuring to sending: always the newest measurement, never a queue."""

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tick:
    """One measurement: vitals with their `at`, samples, and their spool ids (None when the disk took
    nothing).
    """

    usage: dict[str, Any]
    samples: list[dict[str, Any]]
    ids: list[int] | None

    @property
    def size(self) -> int:
        """How many items it holds."""
        return 1 + len(self.samples)


class Latest:
    """Holds the newest unsent tick and process list; counts what was lost with a full disk."""

    def __init__(self) -> None:
        # Held while a measurement goes to disk and is offered, so that the drain never takes one in between.
        self.hand_over = threading.Lock()
        self.news = threading.Event()
        self._lock = threading.Lock()
        self._tick: Tick | None = None
        self._processes: dict[str, Any] | None = None
        self._logins: dict[str, Any] | None = None
        self._lost = 0

    def put(self, tick: Tick, processes: dict[str, Any] | None) -> None:
        """Offer a newer measurement; an older one that exists nowhere else is lost and counted."""
        with self._lock:
            self._discard()
            self._tick = tick
            self._processes = processes or self._processes
        self.news.set()

    def tick(self) -> Tick | None:
        """The newest measurement the server has not answered yet."""
        with self._lock:
            return self._tick

    def answered(self, tick: Tick, accepted: bool) -> None:
        """The server answered a heartbeat with this tick; a refused one lives on in the spool or is lost."""
        with self._lock:
            if self._tick is tick:
                if not accepted:
                    self._discard()
                self._tick = None

    def processes(self) -> dict[str, Any] | None:
        """The newest process list not answered yet; lists are not spooled, only the newest counts."""
        with self._lock:
            return self._processes

    def processes_answered(self, processes: dict[str, Any]) -> None:
        """The server took or refused this list."""
        with self._lock:
            if self._processes is processes:
                self._processes = None

    def put_logins(self, logins: dict[str, Any] | None) -> None:
        """Offer a newer list of logins, where there is one; it holds what an unanswered older one had to tell."""
        with self._lock:
            self._logins = logins or self._logins

    def logins(self) -> dict[str, Any] | None:
        """The newest list of logins not answered yet."""
        with self._lock:
            return self._logins

    def logins_answered(self, logins: dict[str, Any]) -> None:
        """The server took or refused this list."""
        with self._lock:
            if self._logins is logins:
                self._logins = None

    def take_lost(self) -> int:
        """How many items were lost since the last call."""
        with self._lock:
            lost, self._lost = self._lost, 0
            return lost

    def add_lost(self, count: int) -> None:
        """Put losses back that could not be written down."""
        with self._lock:
            self._lost += count

    def _discard(self) -> None:
        if self._tick is not None and self._tick.ids is None:
            self._lost += self._tick.size
