"""The ingest door under load and in trouble: killed, doubled, before a locked table, during a change of schema."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from apps.nodes.models import IngestPulse, Node
from tests import database
from tests.drills.senders import MEGABYTE, assert_stored_once, fleet, memory, sending
from tests.ingest.conftest import Agent, epoch, new_agent
from tests.ingest.stored import samples_of
from tests.processes import Portal, portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.slow]


def test_door_killed_under_load_loses_nothing_acknowledged(door: Portal) -> None:
    senders = fleet([door.ingest_url], 4, 30)
    with sending(senders):
        for enough in (10, 40):
            wait_for(lambda enough=enough: sum(one.statuses[200] for one in senders) >= enough, 60)  # type: ignore[misc]
            door.running["ingest"].kill()
            door.start("ingest")

    assert_stored_once(senders)


def test_door_that_is_asked_to_end_answers_what_it_has_taken(door: Portal) -> None:
    senders = fleet([door.ingest_url], 4, 15)
    with sending(senders):
        wait_for(lambda: sum(one.statuses[200] for one in senders) >= 8, 60)
        assert door.running["ingest"].stop() in (0, -15)
        door.start("ingest")

    assert_stored_once(senders)


@pytest.fixture
def other_door(tmp_path: Path, redis_url: str, door: Portal) -> Iterator[Portal]:
    """A second process of the same installation."""
    folder = tmp_path / "other"
    folder.mkdir()
    with portal(folder, redis_url, "ingest") as running:
        yield running


def test_same_batches_fifty_times_at_two_doors_are_stored_once(door: Portal, other_door: Portal) -> None:
    agent = new_agent(door.ingest_url)
    samples = [{"type": f"m{n % 3}", "value": n, "at": epoch(-60) + n} for n in range(30)]
    batches = [{"batch_id": str(uuid4()), "samples": samples[:20]}, {"batch_id": str(uuid4()), "samples": samples[10:]}]
    doors = [Agent(url, agent.node, agent.key) for url in (door.ingest_url, other_door.ingest_url)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: doors[n % 2].post("metrics", batches[n // 2 % 2]), range(100)))

    assert Counter(answer.status_code for answer in answers) == {200: 100}
    told = {answer.content for answer in answers}
    assert len(told) == 2, "the same batch always gets the same answer"
    counts = [answer.json() for answer in (answers[0], answers[2])]
    assert sum(count["accepted"] for count in counts) == 30
    assert sum(count["duplicate"] for count in counts) == 10
    assert len(samples_of(agent.node)) == 30


def test_two_doors_under_load_never_lock_each_other_out(door: Portal, other_door: Portal) -> None:
    senders = fleet([door.ingest_url, other_door.ingest_url], 6, 25)
    with sending(senders):
        pass

    assert_stored_once(senders)


def test_flood_before_a_locked_table_is_refused_and_heartbeats_go_on(door: Portal) -> None:
    agent, beating = new_agent(door.ingest_url), new_agent(door.ingest_url)
    assert agent.send({"type": "m", "value": 0, "at": epoch(-100)}).status_code == 200
    process = door.running["ingest"].process.pid
    before = memory(process)
    stop, statuses = threading.Event(), Counter[int]()

    def flood(number: int) -> None:
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                answer = client.post(f"{agent.url}/api/v1/agent/metrics", content=large_batch(), headers=headers(agent))
                statuses[answer.status_code] += 1

    with psycopg.connect(database.url()) as locker, ThreadPoolExecutor(24) as pool:
        locker.execute("LOCK TABLE metric_samples IN SHARE MODE")
        floods = [pool.submit(flood, number) for number in range(24)]
        wait_for(lambda: statuses[503] >= 10, 60)
        beats = [beating.post("heartbeat", {"status": "ok", "usage": {"cpu_percent": n}}) for n in range(10)]
        held = memory(process) - before
        locker.rollback()
        wait_for(lambda: statuses[200] >= 5, 60)
        stop.set()
        for one in floods:
            one.result(60)

    assert {beat.status_code for beat in beats} == {200}
    assert set(statuses) <= {200, 429, 503}
    assert held < 120 * MEGABYTE


def test_signs_of_life_count_while_what_came_with_them_has_to_wait(door: Portal) -> None:
    sampling = [new_agent(door.ingest_url) for _ in range(4)]
    plain = new_agent(door.ingest_url)
    sample = {"type": "m", "value": 1}
    for agent in (*sampling, plain):
        assert agent.post("heartbeat", {"status": "ok", "metrics": [sample]}).status_code == 200
    stop, statuses = threading.Event(), Counter[int]()

    def beat(agent: Agent) -> None:
        while not stop.is_set():
            more = {} if agent is plain else {"metrics": [sample]}
            statuses[agent.post("heartbeat", {"status": "ok", "usage": {"cpu_percent": 1}, **more}).status_code] += 1

    with psycopg.connect(database.url()) as locker, ThreadPoolExecutor(5) as pool:
        locker.execute("LOCK TABLE metric_samples IN SHARE MODE")
        began = datetime.now(UTC)
        beats = [pool.submit(beat, agent) for agent in (*sampling, plain)]
        wait_for(lambda: last_heard(sampling, plain) > began + timedelta(seconds=8), 60)
        pulse = IngestPulse.objects.get()
        locker.rollback()
        heard = Counter(statuses)
        wait_for(lambda: statuses[200] > heard[200] + 5, 60)
        stop.set()
        for one in beats:
            one.result(60)

    assert pulse.pulse_at > began, "who notes signs of life may be counted on"
    assert heard[503] > 0, "what is not stored is not acknowledged"
    assert set(statuses) <= {200, 503}


def test_there_is_no_pulse_while_signs_of_life_are_lost(door: Portal) -> None:
    agent = new_agent(door.ingest_url)
    assert agent.post("heartbeat", {"status": "ok"}).status_code == 200
    with psycopg.connect(database.url()) as locker:
        locker.execute("LOCK TABLE nodes IN SHARE MODE")
        assert agent.post("heartbeat", {"status": "ok"}).status_code == 503
        after = datetime.now(UTC)
        assert agent.post("heartbeat", {"status": "ok"}).status_code == 503
        lost = IngestPulse.objects.get()
        locker.rollback()
    assert agent.post("heartbeat", {"status": "ok"}).status_code == 200
    wait_for(lambda: IngestPulse.objects.get().pulse_at > lost.pulse_at)

    assert lost.pulse_at <= after + timedelta(seconds=1)


def last_heard(sampling: list[Agent], plain: Agent) -> datetime:
    """Return when the agent that was heard the longest time ago was heard."""
    heard = Node.objects.filter(pk__in=[agent.node.pk for agent in (*sampling, plain)])
    return min(node.last_heartbeat for node in heard)


def test_column_is_added_while_agents_send(door: Portal) -> None:
    senders = fleet([door.ingest_url], 4, 30)
    with sending(senders), psycopg.connect(database.url(), autocommit=True) as owner:
        wait_for(lambda: sum(one.statuses[200] for one in senders) >= 10, 60)
        for table in ("metric_samples", "metric_series", "nodes", "ingest_batches"):
            owner.execute(f"ALTER TABLE {table} ADD COLUMN drilled integer DEFAULT 1")
            owner.execute(f"ALTER TABLE {table} DROP COLUMN drilled")

    assert_stored_once(senders)


def headers(agent: Agent) -> dict[str, str]:
    """Return the headers of an agent's request."""
    return {"Authorization": f"Bearer {agent.key}", "Content-Type": "application/json"}


def large_batch() -> bytes:
    """Return a batch of a few hundred samples as bytes."""
    samples: list[dict[str, Any]] = [{"type": f"m{n % 10}", "value": n, "at": epoch(-3000) + n} for n in range(500)]
    return httpx.Request("POST", "http://x", json={"batch_id": str(uuid4()), "samples": samples}).content
