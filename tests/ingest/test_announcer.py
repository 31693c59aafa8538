"""What the ingest process tells Redis: the newest heartbeat of each node for half a minute, and what changed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import redis.asyncio
from django.conf import settings

from apps.core.cache import shared
from apps.core.live import CHANNEL
from apps.ingest.announcer import BEAT_SECONDS, MOST_BEATS, Announcer


@pytest.fixture
async def server() -> AsyncIterator["redis.asyncio.Redis"]:
    """The tests' own Redis."""
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        yield client


async def test_the_newest_heartbeat_of_a_node_is_in_redis_for_half_a_minute(server: "redis.asyncio.Redis") -> None:
    node, announcer = uuid4(), Announcer(settings.REDIS_URL)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    announcer.beat(node, {"status": "ok", "cpu_percent": 1.0})
    announcer.beat(node, {"status": "ok", "cpu_percent": 2.5, "at": at})
    await announcer.stop()

    key = f"node:heartbeat:{node}"
    assert json.loads(await server.get(key)) == {"status": "ok", "cpu_percent": 2.5, "at": "2026-01-02T03:04:05Z"}
    assert 0 < await server.ttl(key) <= BEAT_SECONDS


async def test_what_was_remembered_of_a_node_goes_before_the_news_of_it(server: "redis.asyncio.Redis") -> None:
    topic = f"node:{uuid4()}"
    shared.put(topic, "field", b"old", 60.0)
    announcer = Announcer(settings.REDIS_URL)

    async with server.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        await subscription.get_message(timeout=15)
        announcer.tell(["nodes", topic])
        await announcer.stop()
        news = await subscription.get_message(timeout=15)

    assert news is not None
    assert news["data"].decode().split() == sorted(["nodes", topic])
    assert await server.exists(f"hot:{topic}") == 0


async def test_more_nodes_than_fit_are_left_out_and_known_ones_go_on(server: "redis.asyncio.Redis") -> None:
    announcer = Announcer(settings.REDIS_URL)
    nodes = [f"crowd-{number}" for number in range(MOST_BEATS + 10)]

    for node in nodes:
        announcer.beat(node, {"n": 1})
    announcer.beat(nodes[0], {"n": 2})
    await announcer.stop()

    found = await server.mget([f"node:heartbeat:{node}" for node in nodes])
    assert [json.loads(value)["n"] for value in found if value] == [2] + [1] * (MOST_BEATS - 1)
    await server.unlink(*(f"node:heartbeat:{node}" for node in nodes))


async def test_nothing_waits_for_a_redis_that_is_away() -> None:
    announcer = Announcer("redis://127.0.0.1:1/0")
    announcer.start()

    announcer.beat(uuid4(), {})
    announcer.tell(["nodes"])

    await announcer.stop()
    assert not await announcer.is_alive()
