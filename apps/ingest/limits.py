"""A bucket of tokens per key: bursts are welcome, a runaway sender is slowed down. Per process, in memory, bounded."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from apps.core.errors import Throttled

A_SECOND: Final = 100.0
BURST: Final = 500.0
MOST_BUCKETS: Final = 20_000


@dataclass(slots=True)
class Bucket:
    """Tokens left at an instant of the monotonic clock."""

    tokens: float
    at: float


class Limits:
    """The buckets of the keys seen lately; the longest unseen one makes room for a new one."""

    def __init__(self, a_second: float = A_SECOND, burst: float = BURST, most: int = MOST_BUCKETS) -> None:
        """Take the lasting rate, the size of a bucket, and how many are kept."""
        self._a_second, self._burst, self._most = a_second, burst, most
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()

    def spend(self, who: bytes, now: float) -> None:
        """Take one token; raises Throttled with the wait in seconds when there is none."""
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self._burst, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._a_second)
            bucket.at = now
        if bucket.tokens < 1.0:
            wait = math.ceil((1.0 - bucket.tokens) / self._a_second)
            raise Throttled("throttled", "Too many requests with this key.", retry_after=max(wait, 1))
        bucket.tokens -= 1.0
