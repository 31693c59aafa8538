"""Valkey is killed while agents send: nobody but the pages' live updates notices, and those come back by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from apps.core.channel import channel_of
from tests.drills.senders import assert_stored_once, beating, end, fleet, go_on, sending
from tests.ingest.conftest import Agent, new_agent
from tests.processes import Portal, portal, wait_for
from tests.valkey import OwnValkey

pytestmark = [pytest.mark.flow, pytest.mark.slow]


@pytest.fixture
def door(tmp_path: Path, valkey: OwnValkey, committed: None) -> Iterator[Portal]:
    """A door that announces there."""
    with portal(tmp_path, valkey.url, "ingest") as running:
        yield running


def test_killed_valkey_costs_nobody_an_answer(door: Portal, valkey: OwnValkey) -> None:
    senders, machine = fleet([door.ingest_url], 16), new_agent(door.ingest_url)
    with beating(machine) as beats:
        with sending(senders):
            for _ in range(2):
                go_on(senders)
                assert is_announced(machine, valkey)
                valkey.kill()
                go_on(senders)
                valkey.start()
            end(senders)
        assert is_announced(machine, valkey)

    assert_stored_once(senders)
    assert set(beats.statuses) == {200}
    assert all(set(sender.statuses) == {200} and not sender.told.broken for sender in senders)
    assert door.running["ingest"].process.poll() is None


def is_announced(machine: Agent, valkey: OwnValkey) -> bool:
    """Wait until pages are told of a machine's heartbeats, and the newest of them is there to be read."""
    topic, shown = f"node:{machine.node.pk}", f"node:heartbeat:{machine.node.pk}"
    with redis.Redis.from_url(valkey.url) as client, client.pubsub() as heard:
        heard.subscribe(channel_of(valkey.url))

        def is_told() -> bool:
            message = heard.get_message(ignore_subscribe_messages=True, timeout=1)
            return bool(message) and topic in message["data"].decode().split()

        return wait_for(is_told, 60) and bool(wait_for(lambda: client.get(shown), 60))
