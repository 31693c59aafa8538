"""What all processes remember in Redis: news is heard, scopes are kept apart, and Redis may go, come back, be wiped."""

import queue
import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import redis
from django.db import transaction
from pytest_django import Settings

from apps.core import live
from apps.core.cache import Hot, forget, remembered, shared
from apps.core.cache.hearing import Hearing
from apps.core.context import NOBODY, RequestContext, acting
from apps.core.errors import NotFound
from apps.nodes.models import Node
from apps.nodes.selectors import node_by_id
from apps.nodes.services.editing import edit_node
from tests import make
from tests.processes import wait_for
from tests.valkey import OwnValkey


@pytest.fixture
def valkey(tmp_path: Path, settings: Settings) -> Iterator[OwnValkey]:
    """A server of this test's own, which the portal uses."""
    made = OwnValkey(tmp_path)
    made.start()
    settings.REDIS_URL = made.url
    fresh()
    yield made
    made.kill()
    fresh()


def fresh() -> None:
    """Let clients be made anew, and forget that a server did not answer."""
    shared._client.cache_clear()
    live._client.cache_clear()
    shared.breaker.open_until = live._breaker.open_until = 0.0


def hot() -> Hot:
    """A kind of value of this test's own, in Redis only: in a process it is too old at once."""
    return Hot("test", seconds=0.0, most=10, shared_seconds=60.0)


def name_of(node: Node, kind: Hot) -> str:
    """Return a node's name as whoever acts now gets it."""
    return remembered(kind, f"node:{node.pk}", lambda: node_by_id(node.pk).name.encode()).decode()


def rename_unheard(node: Node, name: str) -> None:
    """Change a node behind the portal's back."""
    Node.objects.filter(pk=node.pk).update(name=name)


def test_what_one_process_read_the_next_finds_in_redis(committed: None, valkey: OwnValkey) -> None:
    node, kind = make.node(name="first"), hot()

    assert name_of(node, kind) == "first"
    rename_unheard(node, "second")
    assert name_of(node, kind) == "first"


def test_a_change_is_read_by_who_made_it_at_once(committed: None, valkey: OwnValkey) -> None:
    node, kind = make.node(name="first"), Hot("test", seconds=60.0, most=10, shared_seconds=60.0)
    assert name_of(node, kind) == "first"

    edit_node(node=node, changes={"name": "second"})

    assert name_of(node, kind) == "second"


def test_within_a_transaction_that_changed_something_the_database_is_asked(committed: None, valkey: OwnValkey) -> None:
    node, kind = make.node(name="first"), hot()
    assert name_of(node, kind) == "first"

    with transaction.atomic():
        edit_node(node=node, changes={"name": "second"})
        assert name_of(node, kind) == "second"
        transaction.set_rollback(True)

    assert name_of(node, kind) == "first"


def test_who_read_before_a_change_cannot_put_the_old_value_back(valkey: OwnValkey) -> None:
    forget(["node:1"])
    shared.put("node:1", "field", b"old", 60.0)

    assert shared.get("node:1", "field") is None


def test_a_value_lives_no_longer_than_its_topic_was_meant_to(valkey: OwnValkey) -> None:
    shared.put("node:1", "one", b"1", 60.0)
    shared.put("node:1", "two", b"2", 6000.0)

    with redis.Redis.from_url(valkey.url) as server:
        assert 0 < server.pttl("hot:node:1") <= 60_000
    assert (shared.get("node:1", "one"), shared.get("node:1", "two")) == (b"1", b"2")


def test_a_remembered_node_is_not_shown_to_another_tenant(committed: None, valkey: OwnValkey) -> None:
    ours, theirs = make.tenant(), make.tenant()
    node = make.node(tenant=ours, name="ours")
    kind = Hot("test", seconds=60.0, most=10, shared_seconds=60.0)

    with acting(person_of(ours.pk)), transaction.atomic():
        assert name_of(node, kind) == "ours"
    for stranger in (person_of(theirs.pk), person_of(None)):
        with acting(stranger), pytest.raises(NotFound), transaction.atomic():
            name_of(node, kind)


def person_of(tenant: UUID | None) -> RequestContext:
    """Return the context of somebody of a tenant, or of none."""
    return replace(NOBODY, user_role="USER", tenant_ids=str(tenant or ""))


def test_without_redis_everything_is_read_from_the_database(committed: None, valkey: OwnValkey) -> None:
    node, kind = make.node(name="first"), hot()
    assert name_of(node, kind) == "first"

    valkey.kill()
    rename_unheard(node, "second")
    assert name_of(node, kind) == "second"
    edit_node(node=node, changes={"name": "third"})
    assert name_of(node, kind) == "third"
    assert not shared.breaker.allows()

    valkey.start()
    wait_for(shared.breaker.allows)
    assert name_of(node, kind) == "third"


def test_a_wiped_redis_is_filled_again(committed: None, valkey: OwnValkey) -> None:
    node, kind = make.node(name="first"), hot()
    assert name_of(node, kind) == "first"
    rename_unheard(node, "second")

    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()

    assert name_of(node, kind) == "second"


def test_news_is_heard_by_a_thread_and_its_loss_is_noticed(valkey: OwnValkey) -> None:
    heard: queue.Queue[Collection[str]] = queue.Queue()
    lost = threading.Semaphore(0)
    hearing = Hearing(live.CHANNEL, heard.put, lost.release)

    hearing.begin()
    hearing.begin()
    assert lost.acquire(timeout=20)
    live.announce(["nodes", "node:1"])
    assert heard.get(timeout=20) == ["nodes", "node:1"]

    valkey.kill()
    assert lost.acquire(timeout=20)
    valkey.start()
    wait_for(lambda: hearing.is_connected)
    wait_for(lambda: live.announce(["node:2"]))
    assert heard.get(timeout=20) == ["node:2"]
    assert heard.empty()
