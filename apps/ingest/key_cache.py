"""What this process saw of keys within the last second, to refuse strangers early; storing asks the database anyway."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from apps.ingest.keys import Caller, invalid_key

KEPT_SECONDS: Final = 1.0
MOST_KEYS: Final = 20_000
Seen = tuple[str, bytes, str]


class KeyCache:
    """Keys that were good or not accepted a moment ago; the longest unseen one makes room for a new one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty."""
        self._clock = clock
        self._seen: OrderedDict[Seen, tuple[bool, float]] = OrderedDict()

    def is_known(self, caller: Caller) -> bool:
        """Tell whether a key was good a moment ago; raises Unauthenticated when it was not accepted then."""
        is_good, until = self._seen.get(_seen(caller), (False, 0.0))
        if until <= self._clock():
            return False
        if not is_good:
            raise invalid_key()
        return True

    def note(self, caller: Caller, is_good: bool) -> None:
        """Keep for a second what the database said of a key."""
        seen = _seen(caller)
        self._seen[seen] = (is_good, self._clock() + KEPT_SECONDS)
        self._seen.move_to_end(seen)
        if len(self._seen) > MOST_KEYS:
            self._seen.popitem(last=False)


def _seen(caller: Caller) -> Seen:
    """Return what a verdict depends on."""
    return caller.key.key_id, caller.key.digest, str(caller.address)
