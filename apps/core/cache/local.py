"""The tier inside a process: few values, for a moment, safe for threads. Knows neither Redis nor the database."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Load:
    """A value on its way from a slower tier; stale once its topic changed meanwhile, and then kept by nobody."""

    topic: str
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value, what makes it wrong, and when it is too old (monotonic seconds)."""

    value: bytes
    topic: str
    until: float


class LocalTier:
    """At most `most` values, none older than `seconds`; the one least lately put goes first."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty."""
        self._most, self._seconds, self._clock = most, seconds, clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._keys: dict[str, set[str]] = {}
        self._loads: list[Load] = []
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return a value that is young enough."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.until > self._clock():
                return kept.value if kept else None
            self._drop(key)
            return None

    @contextmanager
    def loading(self, topic: str) -> Iterator[Load]:
        """Watch a topic while its value is loaded, so that a change in between is not overlooked."""
        load = Load(topic)
        with self._lock:
            self._loads.append(load)
        try:
            yield load
        finally:
            with self._lock:
                self._loads.remove(load)

    def put(self, key: str, value: bytes, load: Load) -> None:
        """Keep what was loaded, unless its topic changed since."""
        with self._lock:
            if load.is_stale:
                return
            self._drop(key)
            self._kept[key] = _Kept(value, load.topic, self._clock() + self._seconds)
            self._keys.setdefault(load.topic, set()).add(key)
            while len(self._kept) > self._most:
                self._drop(next(iter(self._kept)))

    def forget(self, topics: Iterable[str]) -> None:
        """Drop what belongs to these topics, also what is on its way."""
        with self._lock:
            changed = set(topics)
            for key in [key for topic in changed for key in self._keys.get(topic, ())]:
                self._drop(key)
            for load in self._loads:
                load.is_stale = load.is_stale or load.topic in changed

    def clear(self) -> None:
        """Drop everything: news may have been missed."""
        with self._lock:
            self._kept.clear()
            self._keys.clear()
            for load in self._loads:
                load.is_stale = True

    def __len__(self) -> int:
        """Return how many values are kept, too old ones included."""
        return len(self._kept)

    def _drop(self, key: str) -> None:
        """Take one value out, if it is there."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        keys = self._keys[kept.topic]
        keys.discard(key)
        if not keys:
            del self._keys[kept.topic]
