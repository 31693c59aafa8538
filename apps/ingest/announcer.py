"""Tells others what was committed a moment ago: pages what changed, Redis' readers which nodes are alive.

Never in the way of an answer: what gathers within a tenth of a second goes out together, in one round trip. Without
Redis it is dropped: pages then poll, and the database knows better anyway.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
import redis
import redis.asyncio

from apps.core.breaker import PAUSE_SECONDS
from apps.core.cache.shared import hot_key
from apps.core.live import CHANNEL, TIMEOUTS

log = logging.getLogger(__name__)
GATHER_SECONDS: Final = 0.1
MOST_TOPICS: Final = 5000
MOST_BEATS: Final = 5000
BEAT_SECONDS: Final = 30
NODE: Final = "node:"
# One command however many nodes: packing thousands of them would cost this process more than their requests' answers.
SET_BEATS: Final = "for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'EX', ARGV[1]) end return #KEYS"
_encode = msgspec.json.Encoder().encode


class Announcer:
    """Gathers topics and heartbeats and sends them from a task of its own."""

    def __init__(self, url: str) -> None:
        """Take where Redis is; connects with the first topic."""
        self._client = redis.asyncio.Redis.from_url(url, retry=None, **TIMEOUTS)  # type: ignore[arg-type]
        self._topics: set[str] = set()
        self._beats: dict[str, Mapping[str, Any]] = {}
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
        await self._send()
        with contextlib.suppress(redis.RedisError, OSError):
            await self._client.aclose()

    def tell(self, topics: Iterable[str]) -> None:
        """Note changed topics; beyond a bound they are dropped, since those noted make pages look anyway."""
        if len(self._topics) < MOST_TOPICS:
            self._topics.update(topics)
            self._news.set()

    def beat(self, node_id: UUID | str, payload: Mapping[str, Any]) -> None:
        """Note a node's newest heartbeat for `node:heartbeat:<id>`; the payload is JSON's values and times."""
        key = str(node_id)
        if key in self._beats or len(self._beats) < MOST_BEATS:
            self._beats[key] = payload
            self._news.set()

    async def is_alive(self) -> bool:
        """Tell whether Redis answers right now."""
        try:
            return bool(await self._client.ping())
        except (redis.RedisError, OSError):
            return False

    async def _run(self) -> None:
        """Send whenever there is news, with a pause after each failure."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            if not await self._send():
                await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self) -> bool:
        """Send what has gathered; returns whether Redis took it."""
        self._news.clear()
        topics, self._topics = sorted(self._topics), set()
        beats, self._beats = self._beats, {}
        if not topics and not beats:
            return True
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                if beats:
                    keys = [f"node:heartbeat:{node_id}" for node_id in beats]
                    pipeline.eval(SET_BEATS, len(keys), *keys, BEAT_SECONDS, *map(_encode, beats.values()))
                # What is remembered of these nodes goes before anybody is told to look again.
                if hot := [hot_key(topic) for topic in topics if topic.startswith(NODE)]:
                    pipeline.unlink(*hot)
                if topics:
                    pipeline.publish(CHANNEL, " ".join(topics))
                await pipeline.execute()
        except (redis.RedisError, OSError) as error:
            log.warning("live updates pause, Redis is not reachable: %s", error)
            return False
        return True
