"""One-line key=value logging to stderr, and a counter that speaks at most once a minute."""

import json
import logging
import sys
import threading
import time
from collections import Counter

log = logging.getLogger("omega_agent")


def set_up_logging(level: str = "INFO") -> None:
    """Send the agent's log to stderr, one key=value line per event."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("ts=%(asctime)s.%(msecs)03dZ level=%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    logging.Formatter.converter = time.gmtime
    log.handlers[:] = [handler]
    log.setLevel(level)
    log.propagate = False


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields; callers never pass a key or a body."""
    if log.isEnabledFor(level):
        log.log(
            level,
            "%s",
            " ".join([f"event={name}", *(f"{key}={_quoted(value)}" for key, value in fields.items())]),
        )


class MinuteCounter:
    """Counts by code and tells the log at most once per `every` seconds; safe between threads."""

    def __init__(self, name: str, every: float = 60.0) -> None:
        self._name, self._every = name, every
        self._counts: Counter[str] = Counter()
        self._told_at = -every
        self._lock = threading.Lock()

    def add(self, code: str, count: int = 1) -> None:
        """Count `count` occurrences of `code`."""
        with self._lock:
            self._counts[code] += count

    def tell(self, now: float) -> None:
        """Log what was counted since the last telling, when the minute (monotonic `now`) is over."""
        with self._lock:
            if not self._counts or now - self._told_at < self._every:
                return
            counts, self._counts, self._told_at = self._counts, Counter(), now
        event(self._name, logging.WARNING, counts=" ".join(f"{code}:{counts[code]}" for code in sorted(counts)))


def _quoted(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return json.dumps(text) if not text or any(c in ' "=\\' or ord(c) < 32 for c in text) else text
