"""Rows that somebody holds for long: one machine waits, the others of its group are stored."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from tests import database
from tests.ingest.conftest import Agent, epoch, new_agent
from tests.ingest.stored import usage_of
from tests.processes import Portal

pytestmark = pytest.mark.flow
ROUNDS = 4
Send = Callable[[Agent], httpx.Response]


def beat(agent: Agent) -> httpx.Response:
    """Send a heartbeat with vitals."""
    return agent.post("heartbeat", {"status": "ok", "usage": {"cpu_percent": 1}})


def batch(agent: Agent) -> httpx.Response:
    """Send a batch with vitals."""
    return agent.send({"type": "m", "value": 1, "at": epoch(-1)}, usage=[{"at": epoch(), "cpu_percent": 2}])


@contextmanager
def sending(send: Send, agent: Agent) -> Iterator[list[httpx.Response]]:
    """Let a machine send during the block; the list grows by the answers.

    It sends twice at once, so that there is a group that waits and one that fills up meanwhile.
    """
    stop, answers = threading.Event(), list[httpx.Response]()

    def go_on() -> None:
        while not stop.is_set():
            answers.append(send(agent))

    with ThreadPoolExecutor(2) as pool:
        going = [pool.submit(go_on) for _ in range(2)]
        try:
            yield answers
        finally:
            stop.set()
        for one in going:
            one.result(60)


def send_rounds(send: Send, agents: list[Agent]) -> Counter[str]:
    """Let machines send a few times, all at once; return how it was answered. Whom a full queue refuses comes again."""

    def send_often(agent: Agent) -> Counter[str]:
        told = Counter[str]()
        while told["stored"] + told["unavailable"] < ROUNDS:
            answer = send(agent)
            told["stored" if answer.status_code == 200 else answer.json()["code"]] += 1
        return told

    with ThreadPoolExecutor(len(agents)) as pool:
        return sum(pool.map(send_often, agents), Counter())


@pytest.mark.parametrize(
    "held",
    [
        pytest.param("SELECT FROM nodes WHERE node_id = %s FOR UPDATE", id="its row"),
        pytest.param("SELECT FROM node_latest WHERE node_id = %s FOR UPDATE", id="its latest vitals"),
    ],
)
@pytest.mark.parametrize("send", [beat, batch])
def test_others_are_stored_beside_one_that_is_held_up(door: Portal, committed: None, send: Send, held: str) -> None:
    stuck, others = new_agent(door.ingest_url), [new_agent(door.ingest_url) for _ in range(6)]
    for agent in (stuck, *others):
        assert send(agent).status_code == 200

    with psycopg.connect(database.url()) as locker:
        locker.execute(held, [stuck.node.pk])
        with sending(send, stuck) as refused:
            told = send_rounds(send, others)
        locker.rollback()

    assert (told["stored"], told["unavailable"]) == (6 * ROUNDS, 0)
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    assert [len(usage_of(agent.node)) for agent in others] == [1 + ROUNDS] * 6
    assert len(usage_of(stuck.node)) == 1
    assert send(stuck).status_code == 200, "stored as soon as nobody holds its row"


@pytest.mark.parametrize("send", [beat, batch])
def test_others_are_stored_beside_several_that_are_held_up(door: Portal, committed: None, send: Send) -> None:
    stuck, others = [new_agent(door.ingest_url) for _ in range(4)], [new_agent(door.ingest_url) for _ in range(8)]
    for agent in (*stuck, *others):
        assert send(agent).status_code == 200

    with psycopg.connect(database.url()) as locker, ExitStack() as going:
        locker.execute(
            "SELECT FROM node_latest WHERE node_id = ANY(%s) FOR UPDATE", [[agent.node.pk for agent in stuck]]
        )
        refused = [going.enter_context(sending(send, agent)) for agent in stuck]
        told = send_rounds(send, others)
        locker.rollback()

    assert (told["stored"], told["unavailable"]) == (8 * ROUNDS, 0)
    assert all(refused)
    assert [len(usage_of(agent.node)) for agent in others] == [1 + ROUNDS] * 8


def test_one_that_waits_for_its_data_is_heard_all_the_same(door: Portal, agent: Agent) -> None:
    assert beat(agent).status_code == 200
    with psycopg.connect(database.url()) as locker:
        locker.execute("SELECT FROM node_latest WHERE node_id = %s FOR UPDATE", [agent.node.pk])
        began = datetime.now(UTC)
        assert beat(agent).status_code == 503
        agent.node.refresh_from_db()
        assert agent.node.last_heartbeat is not None
        assert agent.node.last_heartbeat >= began
