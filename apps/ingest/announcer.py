"""Tells pages what changed, a moment after it was committed; never in the way of an answer.

Topics that gather within a tenth of a second go out as one message. Without Redis they are dropped: pages then poll.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Final

import redis
import redis.asyncio

from apps.core.live import CHANNEL, PAUSE_SECONDS, TIMEOUTS

log = logging.getLogger(__name__)
GATHER_SECONDS: Final = 0.1
MOST_TOPICS: Final = 5000


class Announcer:
    """Gathers topics and publishes them from a task of its own."""

    def __init__(self, url: str) -> None:
        """Take where Redis is; connects with the first topic."""
        self._client = redis.asyncio.Redis.from_url(url, retry=None, **TIMEOUTS)  # type: ignore[arg-type]
        self._topics: set[str] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Send what is left and end."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._publish()
        with contextlib.suppress(redis.RedisError, OSError):
            await self._client.aclose()

    def tell(self, topics: Iterable[str]) -> None:
        """Note changed topics; beyond a bound they are dropped, since those noted make pages look anyway."""
        if len(self._topics) < MOST_TOPICS:
            self._topics.update(topics)
            self._news.set()

    async def is_alive(self) -> bool:
        """Tell whether Redis answers right now."""
        try:
            return bool(await self._client.ping())
        except (redis.RedisError, OSError):
            return False

    async def _run(self) -> None:
        """Publish whenever there is news, with a pause after each failure."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            if not await self._publish():
                await asyncio.sleep(PAUSE_SECONDS)

    async def _publish(self) -> bool:
        """Send what has gathered; returns whether Redis took it."""
        self._news.clear()
        topics, self._topics = self._topics, set()
        if not topics:
            return True
        try:
            await self._client.publish(CHANNEL, " ".join(sorted(topics)))
        except (redis.RedisError, OSError) as error:
            log.warning("live updates pause, Redis is not reachable: %s", error)
            return False
        return True
