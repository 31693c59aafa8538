"""How often something may happen, for each sender and for all together. In memory, per process, bounded."""

from collections import Counter
from threading import Lock
from typing import Final

MOST_SENDERS: Final = 10_000


class Pace:
    """Counts within spans of `seconds` of the monotonic clock; every span begins at nothing."""

    def __init__(self, *, each: int, together: int, seconds: float) -> None:
        """Take how many of a sender and of all are let through in one span."""
        self._each, self._together, self._seconds = each, together, seconds
        self._span, self._total = -1, 0
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def allows(self, sender: str, now: float, many: int = 1) -> bool:
        """Count and tell whether it may happen; what is refused counts for nobody."""
        with self._lock:
            if (span := int(now // self._seconds)) != self._span:
                self._span, self._total = span, 0
                self._counts.clear()
            is_crowded = sender not in self._counts and len(self._counts) >= MOST_SENDERS
            if is_crowded or self._total + many > self._together or self._counts[sender] + many > self._each:
                return False
            self._total += many
            self._counts[sender] += many
            return True

    def seconds_left(self, now: float) -> int:
        """Return after how many whole seconds the next span begins."""
        return int(self._seconds - now % self._seconds) + 1
