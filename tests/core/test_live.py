"""Announcements reach every listener through the real server, only after the commit, and never fail a request."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import pytest
import redis.asyncio
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from redis.client import PubSub

from apps.core import breaker, live
from apps.core.live import CHANNEL, LiveHub, announce, is_redis_alive, publish
from tests.roles import serving_as


@pytest.fixture(autouse=True)
def fresh_client() -> Iterator[None]:
    """Start each test with a client of its own and a closed breaker."""
    live._client.cache_clear()
    live._breaker.open_until = 0.0
    yield
    live._client.cache_clear()
    live._breaker.open_until = 0.0


@pytest.fixture
def no_redis(settings: Settings) -> None:
    """Point the portal at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{free.getsockname()[1]}/0"


async def heard(listener: "asyncio.Queue[str]", count: int) -> list[str]:
    """Return the next topics, waiting as long as a person would."""
    return [await asyncio.wait_for(listener.get(), timeout=15) for _ in range(count)]


async def connected_hub(*wanted: set[str]) -> tuple[LiveHub, "list[asyncio.Queue[str]]"]:
    """Return a hub that follows the channel, with one listener per set of topics."""
    hub, queues = LiveHub(), [asyncio.Queue[str](maxsize=10) for _ in wanted]
    for listener, topics in zip(queues, wanted, strict=True):
        hub.listen(listener, topics | {"live:back"})
    for listener in queues:
        assert await heard(listener, 1) == ["live:back"]
    return hub, queues


async def close(hub: LiveHub) -> None:
    """End a hub's subscription."""
    assert hub._task is not None
    hub._task.cancel()
    await asyncio.gather(hub._task, return_exceptions=True)


async def test_each_listener_hears_its_own_topics_once() -> None:
    hub, (nodes, audit) = await connected_hub({"test-nodes", "test-node:1"}, {"test-audit"})

    announce(["test-node:1", "test-audit", "test-nodes", "test-node:1"])

    assert await heard(nodes, 2) == ["test-node:1", "test-nodes"]
    assert await heard(audit, 1) == ["test-audit"]
    assert (nodes.empty(), audit.empty()) == (True, True)
    await close(hub)


async def test_cancelled_hub_ends_at_whatever_it_was() -> None:
    for moment in range(40):
        hub = LiveHub()
        hub.listen(asyncio.Queue[str](maxsize=10), {"live:back", "live:lost"})
        await asyncio.sleep(moment / 5000)
        assert hub._task is not None
        hub._task.cancel()
        ended, _ = await asyncio.wait([hub._task], timeout=5)
        assert ended, f"still running after a cancellation at {moment / 5} ms"


async def test_listener_that_left_hears_nothing_and_one_that_does_not_read_holds_up_nobody() -> None:
    hub, (gone, lazy, keen) = await connected_hub({"test-nodes"}, {"test-nodes"}, {"test-nodes"})
    hub.leave(gone)

    topics: list[str] = []
    for _ in range(15):
        announce(["test-nodes"])
        topics += await heard(keen, 1)

    assert (gone.qsize(), lazy.qsize(), len(topics)) == (0, lazy.maxsize, 15)
    await close(hub)


async def test_hub_says_that_it_lost_the_server_and_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.05)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as server:
        before = await subscribers(server)
        hub, (listener,) = await connected_hub({"test-nodes", "live:lost"})
        for client_id in await subscribers(server) - before:
            await server.client_kill_filter(_id=client_id)

    assert await heard(listener, 2) == ["live:lost", "live:back"]
    announce(["test-nodes"])
    assert await heard(listener, 1) == ["test-nodes"]
    await close(hub)


class Proxy:
    """Stands between the hub and the server, and can swallow everything without closing a connection."""

    def __init__(self, server: str) -> None:
        """Stand before a server, passing on."""
        self.server = urlsplit(server)
        self.is_silent = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one connection to the server."""
        answers, questions = await asyncio.open_connection(self.server.hostname, self.server.port or 6379)
        await asyncio.gather(self.pass_on(reader, questions), self.pass_on(answers, writer))

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Pass on what comes in one direction."""
        while data := await source.read(4096):
            if not self.is_silent:
                target.write(data)
        target.close()


@asynccontextmanager
async def proxied(settings: Settings) -> AsyncIterator[Proxy]:
    """Put a proxy between the portal and the server."""
    proxy = Proxy(settings.REDIS_URL)
    door = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    login, at, _ = proxy.server.netloc.rpartition("@")
    netloc = f"{login}{at}127.0.0.1:{door.sockets[0].getsockname()[1]}"
    settings.REDIS_URL = proxy.server._replace(netloc=netloc).geturl()
    yield proxy
    door.close()


async def test_hub_notices_a_server_that_fell_silent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(live, "QUIET_SECONDS", 1.5)
    async with proxied(settings) as proxy:
        hub, (listener,) = await connected_hub({"live:lost"})
        await asyncio.sleep(4.0)
        was_lost_while_only_quiet = not listener.empty()
        proxy.is_silent = True
        lost = await heard(listener, 1)
        proxy.is_silent = False
        while await heard(listener, 1) != ["live:back"]:
            pass
        await close(hub)

    assert (was_lost_while_only_quiet, lost) == (False, ["live:lost"])


@pytest.mark.parametrize("moment", ["following", "silent", "pausing"])
async def test_cancelled_hub_ends(moment: str, settings: Settings, request: pytest.FixtureRequest) -> None:
    async with proxied(settings) as proxy:
        if moment == "pausing":
            request.getfixturevalue("no_redis")
            hub, listener = LiveHub(), asyncio.Queue[str]()
            hub.listen(listener, {"live:lost"})
            await heard(listener, 1)
        else:
            hub, _ = await connected_hub({"test-nodes"})
        proxy.is_silent = moment == "silent"
        assert hub._task is not None
        hub._task.cancel()
        await asyncio.wait([hub._task], timeout=5)

    assert hub._task.cancelled()


async def subscribers(server: "redis.asyncio.Redis") -> set[str]:
    """Return the ids of this test worker's clients that follow a channel."""
    mine = urlsplit(settings.REDIS_URL).path.strip("/")
    return {client["id"] for client in await server.client_list(_type="pubsub") if client["db"] == mine}


@contextmanager
def following() -> Iterator[PubSub]:
    """Follow the channel as another process would."""
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
        subscription.subscribe(CHANNEL)
        subscription.get_message(timeout=5)
        yield subscription


def next_said(subscription: PubSub, within: float = 5.0) -> bytes | None:
    """Return the next announcement of a test, if one comes; the server is shared with running portals."""
    ends = time.monotonic() + within
    while (left := ends - time.monotonic()) > 0:
        message = subscription.get_message(timeout=left)
        if message and message["data"].startswith(b"test-"):
            return bytes(message["data"])
    return None


@pytest.mark.django_db
def test_nothing_is_announced_before_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with following() as subscription:
        with django_capture_on_commit_callbacks(execute=True):
            publish("test-nodes", "test-node:7")
            too_early = next_said(subscription, within=0.1)
        said = next_said(subscription)

    assert too_early is None
    assert said == b"test-nodes test-node:7"


def test_nothing_is_announced_of_what_was_rolled_back(committed: None) -> None:
    with following() as subscription, serving_as("omega_portal"):
        with transaction.atomic():
            publish("test-rolled-back")
            transaction.set_rollback(True)
        publish("test-outside")
        said = next_said(subscription)

    assert said == b"test-outside"


def test_without_redis_announcing_is_quiet_and_soon_costs_nothing(
    no_redis: None, caplog: pytest.LogCaptureFixture
) -> None:
    first = announce(["test-nodes"])
    before = time.monotonic()
    others = {announce(["test-nodes"]) for _ in range(1000)}

    assert (first, others, is_redis_alive()) == (False, {False}, False)
    assert time.monotonic() - before < 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_announcing_goes_on_once_redis_is_back(
    settings: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 0.0)
    there = settings.REDIS_URL
    request.getfixturevalue("no_redis")
    away = announce(["test-nodes"])
    settings.REDIS_URL = there
    live._client.cache_clear()

    assert (away, announce(["test-nodes"])) == (False, True)
