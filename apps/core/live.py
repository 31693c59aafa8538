"""Live updates: changes are announced as topic names only; whoever listens fetches what it may see.

Announcing never fails a request: when Redis is away the message is dropped and pages fall back to polling.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from django.db import transaction
from redis.asyncio.client import PubSub

from apps.core import cache as caches
from apps.core.breaker import PAUSE_SECONDS, Breaker
from apps.core.channel import channel_of

log = logging.getLogger(__name__)
CHANNEL = channel_of(settings.REDIS_URL)
QUIET_SECONDS = 10.0
TIMEOUTS = {"socket_connect_timeout": 0.3, "socket_timeout": 1.0}
_breaker = Breaker()


@cache
def _client() -> redis.Redis:
    """Return this process's publishing client."""
    return redis.Redis.from_url(settings.REDIS_URL, retry=None, **TIMEOUTS)


def publish(*topics: str) -> None:
    """Announce changed topics once the open transaction has committed (at once outside of one)."""
    transaction.on_commit(lambda: announce(topics))


def announce(topics: Iterable[str]) -> bool:
    """Send topics now, and forget what is remembered of them; returns whether Redis took them."""
    changed = list(dict.fromkeys(topics))
    caches.forget(changed)
    message = " ".join(changed)
    if not message or not _breaker.allows():
        return False
    try:
        _client().publish(CHANNEL, message)
    except (redis.RedisError, OSError) as error:
        _breaker.trip()
        log.warning("live updates pause, Redis is not reachable: %s", error)
        return False
    return True


def is_redis_alive() -> bool:
    """Tell whether Redis answers right now."""
    try:
        return bool(_client().ping())
    except (redis.RedisError, OSError):
        return False


class LiveHub:
    """One Redis subscription for a whole process, fanned out to its listeners in memory.

    A listener is a queue with the topics it wants; each wanted topic is put on it by name.
    """

    def __init__(self) -> None:
        """Start with no listener and no connection."""
        self.is_connected = False
        self._listeners: dict[asyncio.Queue[str], set[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def listen(self, queue: asyncio.Queue[str], topics: Iterable[str]) -> None:
        """Register or extend a listener; starts the subscription with the first one."""
        self._listeners.setdefault(queue, set()).update(topics)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def leave(self, queue: asyncio.Queue[str]) -> None:
        """Forget a listener."""
        self._listeners.pop(queue, None)

    def fan_out(self, topics: Iterable[str]) -> None:
        """Put each topic on the queues that want it; a full queue already holds enough to refetch everything."""
        for topic in topics:
            for queue, wanted in self._listeners.items():
                if topic in wanted and not queue.full():
                    queue.put_nowait(topic)

    async def _run(self) -> None:
        """Follow the channel while anyone listens, reconnecting after every loss."""
        while self._listeners:
            try:
                await self._follow()
            except (redis.RedisError, OSError) as error:
                _honour_cancellation()
                log.warning("live updates pause, Redis is not reachable: %s", error)
            self.is_connected = False
            self.fan_out(["live:lost"])
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self) -> None:
        """Read messages from one connection until it breaks."""
        async with _follower() as client, client.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                _honour_cancellation()
                self._take(await _next_message(subscription))

    def _take(self, message: dict[str, Any]) -> None:
        """Fan out what a message of the server says."""
        if message["type"] == "subscribe":
            self.is_connected = True
            self.fan_out(["live:back"])
        elif message["type"] == "message":
            self.fan_out(message["data"].decode().split())


def _follower() -> "redis.asyncio.Redis":
    """Return a client for one subscription."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=1.0, socket_timeout=QUIET_SECONDS, socket_keepalive=True
    )


async def _next_message(subscription: PubSub) -> dict[str, Any]:
    """Wait for the next message; a quiet server is asked once for a sign of life, and TimeoutError tells of none.

    The client's own health checks send such questions too, but nothing there minds a missing answer.
    """
    message = await subscription.get_message(timeout=QUIET_SECONDS)
    if message is None:
        await subscription.ping()
        message = await subscription.get_message(timeout=QUIET_SECONDS)
    if message is None:
        raise redis.TimeoutError(f"no answer within {QUIET_SECONDS:g} s")
    found: dict[str, Any] = message
    return found


def _honour_cancellation() -> None:
    """End a task that was told to: the client swallows a cancellation that meets it while it connects."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
