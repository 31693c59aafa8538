"""The door without its database, without Redis, and at its end."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connections

from apps.core.live import CHANNEL
from apps.nodes.models import IngestPulse, Node
from tests import database
from tests.ingest.conftest import Agent, epoch, new_agent
from tests.ingest.stored import samples_of
from tests.processes import Portal, free_port, portal, wait_for

pytestmark = pytest.mark.flow
OK = {"status": "ok"}


class Relay:
    """A cable to the database that can be pulled out and put back."""

    def __init__(self) -> None:
        """Prepare a port nobody listens on yet."""
        self.port = free_port()
        self._target = connections["owner"].settings_dict
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def plug_in(self) -> None:
        """Let connections through."""

        async def listen() -> None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(5)

    def pull_out(self) -> None:
        """Cut every connection and take no more."""

        async def cut() -> None:
            if self._server:
                self._server.close()
            for line in list(self._lines):
                line.transport.abort()

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(str(self._target["HOST"]), int(str(self._target["PORT"])))
        self._lines |= {writer, there[1]}
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    def url(self) -> str:
        """Return the database's URL through the cable."""
        parts = urlsplit(database.url())
        return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.port}").geturl()


@pytest.fixture
def cable(django_db_setup: None) -> Iterator[Relay]:
    """Return a cable that is not plugged in."""
    relay = Relay()
    yield relay
    relay.pull_out()


def test_database_goes_and_comes_back_without_hands(committed: None, cable: Relay, tmp_path: Path) -> None:
    running = Portal(tmp_path, settings.REDIS_URL, database_url=cable.url())
    agent = new_agent(running.ingest_url)
    try:
        running.running["ingest"] = running.launch("ingest", _command(running))
        wait_for(lambda: _answers(f"{agent.url}/healthz"), 40)
        _must_ask_for_patience(agent)

        cable.plug_in()
        wait_for(lambda: agent.post("heartbeat", OK).status_code == 200, 40)

        cable.pull_out()
        body = {
            "batch_id": "b7d3a1de-5f3c-4c61-9d5c-0d3a8c1c2f11",
            "samples": [{"type": "a", "value": 1, "at": epoch()}],
        }
        assert agent.post("metrics", body).status_code == 503
        unready = httpx.get(f"{agent.url}/readyz", timeout=30)
        assert (unready.status_code, unready.headers["retry-after"]) == (503, "5")
        assert unready.json() == {"status": "unready", "database": "unreachable", "redis": "ok"}

        cable.plug_in()
        assert wait_for(lambda: _accepted(agent, body), 40) == 1
        assert len(samples_of(agent.node)) == 1
        assert "Traceback" not in running.running["ingest"].log.read_text()
    finally:
        running.stop_all()


def _command(running: Portal) -> list[str]:
    place = ["--host", "127.0.0.1", "--port", str(running.ingest_port)]
    return [sys.executable, "-m", "uvicorn", "omega_portal.ingest_asgi:application", "--log-level", "warning", *place]


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url).status_code == 200
    return False


def _must_ask_for_patience(agent: Agent) -> None:
    began = time.monotonic()
    answer = agent.post("heartbeat", OK)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert 2 <= int(answer.headers["retry-after"]) <= 8
    assert time.monotonic() - began < 8


def _accepted(agent: Agent, body: object) -> int:
    answer = agent.post("metrics", body)
    return int(answer.json()["accepted"]) if answer.status_code == 200 else 0


def test_lost_connections_are_replaced_within_the_request(agent: Agent) -> None:
    assert agent.post("heartbeat", OK).status_code == 200
    _end_connections_of_the_door()
    answers = [agent.post("heartbeat", OK).status_code for _ in range(3)]
    assert answers[-1] == 200
    assert set(answers) <= {200, 503}


def _end_connections_of_the_door() -> None:
    """End every connection of the ingest role, as a failover does."""
    with psycopg.connect(database.url()) as owner:
        owner.execute("SET LOCAL ROLE data_collector")
        mine = "pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user"
        ended = owner.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}").fetchall()  # noqa: S608
        assert ended


def test_without_redis_everything_is_stored(committed: None, tmp_path: Path) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with portal(tmp_path, nowhere, "ingest") as running:
        agent = new_agent(running.ingest_url)
        for n in range(3):
            began = time.monotonic()
            assert agent.send({"type": "a", "value": n}).json()["accepted"] == 1
            assert time.monotonic() - began < 10
        ready = httpx.get(f"{agent.url}/readyz", timeout=30)
        assert ready.status_code == 200
        assert ready.json() == {"status": "ok", "database": "ok", "redis": "degraded"}


def next_topics(heard: redis.client.PubSub) -> set[str]:
    """Return the topics of the next announcement, whoever made it; none after a second of silence."""
    message = heard.get_message(ignore_subscribe_messages=True, timeout=1)
    return set(message["data"].decode().split()) if message else set()


def test_contact_is_announced_after_the_commit(agent: Agent) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as heard:
        heard.subscribe(CHANNEL)
        wait_for(lambda: heard.get_message(timeout=1))
        agent.post("heartbeat", OK)
        announced = {"nodes", f"node:{agent.node.pk}"}
        wait_for(lambda: announced <= next_topics(heard))
        assert Node.objects.get(pk=agent.node.pk).last_heartbeat is not None


def test_pulse_says_since_when_the_door_listens_and_ends_with_it(committed: None, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with portal(tmp_path, settings.REDIS_URL, "ingest") as running:
        pid = running.running["ingest"].process.pid
        mine = wait_for(lambda: IngestPulse.objects.filter(pk__contains=f":{pid}:").first())
        later = wait_for(
            lambda: IngestPulse.objects.filter(pk=mine.pk, pulse_at__gt=mine.pulse_at + timedelta(seconds=1)).first()
        )
        assert later.unbroken_since == mine.unbroken_since >= before
        assert running.running["ingest"].stop() in (0, -signal.SIGTERM)
        assert not IngestPulse.objects.filter(pk=mine.pk).exists()


def test_stop_lets_a_request_in_progress_finish(committed: None, tmp_path: Path) -> None:
    with portal(tmp_path, settings.REDIS_URL, "ingest") as running:
        agent = new_agent(running.ingest_url)
        process = running.running["ingest"].process

        def body() -> Iterator[bytes]:
            yield b'{"status":'
            os.kill(process.pid, signal.SIGTERM)
            time.sleep(0.5)
            yield b'"ok"}'

        headers = {"Authorization": f"Bearer {agent.key}"}
        answer = httpx.post(f"{agent.url}/api/v1/agent/heartbeat", content=body(), headers=headers, timeout=20)
        assert answer.status_code == 200
        process.wait(15)
    assert Node.objects.get(pk=agent.node.pk).last_heartbeat is not None
