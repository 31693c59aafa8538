"""The tier of all processes: values in Redis under `hot:<topic>`, one field for each scope and question.

Redis may be away, slow or wiped at any moment: reads then find nothing and writes do nothing, after one short wait
every two seconds. A topic that just changed takes no values for a moment, so that whoever read the database before the
change cannot put the old value back.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import redis
from django.conf import settings

from apps.core.breaker import Breaker

log = logging.getLogger(__name__)
Result = TypeVar("Result")
TIMEOUTS: Final[dict[str, Any]] = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
# Longer than reading the database for one answer takes.
BARRED_MILLISECONDS: Final = 5000
# The first value's time is that of the whole topic, so none lives longer than its own.
PUT: Final = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local is_new = redis.call('EXISTS', KEYS[1]) == 0
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if is_new then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
"""
# The first half of the keys holds values, the second half is barred.
FORGET: Final = """
local half = #KEYS / 2
for i = 1, half do
    redis.call('UNLINK', KEYS[i])
    redis.call('SET', KEYS[half + i], 1, 'PX', ARGV[1])
end
return half
"""
breaker = Breaker()


def hot_key(topic: str) -> str:
    """Return where the values of a topic are."""
    return f"hot:{topic}"


def barred_key(topic: str) -> str:
    """Return what says that a topic just changed."""
    return f"hot:barred:{topic}"


def get(topic: str, field: str) -> bytes | None:
    """Return a value; None also when Redis is away."""
    found = _try(lambda: _client().hget(hot_key(topic), field))
    return found if isinstance(found, bytes) else None


def put(topic: str, field: str, value: bytes, seconds: float) -> None:
    """Keep a value, unless its topic just changed."""
    keys = (hot_key(topic), barred_key(topic))
    _try(lambda: _client().eval(PUT, 2, *keys, field, value, int(seconds * 1000)))


def put_hash(key: str, values: Mapping[str, str], seconds: float) -> None:
    """Write a hash of texts for readers outside the portal, in place of the one before."""

    def write() -> None:
        with _client().pipeline(transaction=True) as pipeline:
            pipeline.delete(key)
            pipeline.hset(key, items=[text for pair in values.items() for text in pair])
            pipeline.pexpire(key, int(seconds * 1000))
            pipeline.execute()

    _try(write)


def forget(topics: Collection[str]) -> None:
    """Drop the values of topics, and take none for a moment."""

    keys = [*map(hot_key, topics), *map(barred_key, topics)]
    if topics:
        _try(lambda: _client().eval(FORGET, len(keys), *keys, BARRED_MILLISECONDS))


@cache
def _client() -> redis.Redis:
    """Return this process's client for short questions."""
    return redis.Redis.from_url(settings.REDIS_URL, retry=None, **TIMEOUTS)


def _try(ask: Callable[[], Result]) -> Result | None:
    """Return Redis' answer, None without one."""
    if not breaker.allows():
        return None
    try:
        return ask()
    except (redis.RedisError, OSError) as error:
        breaker.trip()
        log.warning("the cache pauses, Redis is not reachable: %s", error)
        return None
