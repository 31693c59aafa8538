"""Agents that send until they are acknowledged, machines that beat meanwhile, and what is stored of all that."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from apps.metrics.models import MetricSample, UsageMetric
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch, new_agent
from tests.processes import wait_for

SAMPLES = 50
VITALS = 1
DAY = 86_400
MEGABYTE = 1024


@dataclass
class Told:
    """What a machine was told: answers by status, connections that broke, and 503s that named no time to come again."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    impatient: int = 0

    def goes_on(self, more: int = 1) -> None:
        """Wait for more answers that all is well."""
        goal = self.statuses[200] + more
        wait_for(lambda: self.statuses[200] >= goal, 60)

    def post(self, client: httpx.Client, agent: Agent, call: str, body: Any, url: str) -> httpx.Response | None:
        """Send a body and note what came of it; None when the connection broke."""
        headers = {"Authorization": f"Bearer {agent.key}"}
        try:
            answer = client.post(f"{url}/api/v1/agent/{call}", json=body, headers=headers)
        except httpx.TransportError:
            self.broken += 1
            return None
        self.statuses[answer.status_code] += 1
        self.impatient += answer.status_code == 503 and not answer.headers.get("Retry-After", "").isdigit()
        return answer


@dataclass
class Sender:
    """One agent's conversation: every batch is sent again until the answer is 200; after `enough` none is begun."""

    agent: Agent
    batches: int
    urls: list[str]
    size: int = SAMPLES
    begun: int = 0
    acknowledged: int = 0
    told: Told = field(default_factory=Told)
    enough: threading.Event = field(default_factory=threading.Event)
    gives_up: threading.Event = field(default_factory=threading.Event)

    @property
    def statuses(self) -> Counter[int]:
        """The answers so far."""
        return self.told.statuses

    def send_all(self) -> None:
        """Send every batch; broken connections and 503 mean again."""
        start = epoch(-DAY)
        with httpx.Client(timeout=20) as client:
            for number in range(self.batches):
                if self.enough.is_set() or self.gives_up.is_set():
                    return
                self.begun += 1
                samples = [
                    {"type": f"drill.{n % 5}", "value": n, "at": start + number + n // 5 / 1000}
                    for n in range(self.size)
                ]
                usage = [{"at": start + number, "cpu_percent": number % 100}]
                self._send(client, {"batch_id": str(uuid4()), "samples": samples, "usage": usage}, number)

    def _send(self, client: httpx.Client, batch: dict[str, Any], number: int) -> None:
        """Send one batch until it is taken."""
        for attempt in range(1000):
            if self.gives_up.is_set():
                return
            url = self.urls[(number + attempt) % len(self.urls)]
            answer = self.told.post(client, self.agent, "metrics", batch, url)
            if answer is not None and answer.status_code == 200:
                self.acknowledged += answer.json()["accepted"] + answer.json()["duplicate"]
                return
            time.sleep(0.05)
        raise AssertionError("a batch was never acknowledged")

    def stored(self) -> int:
        """Count the samples and vitals that are stored of this agent."""
        node = self.agent.node
        with acting_as("omega_worker"):
            vitals = UsageMetric.objects.filter(node=node).count()
            return vitals + MetricSample.objects.filter(series__node=node).count()


def fleet(urls: list[str], count: int, batches: int = DAY, size: int = SAMPLES) -> list[Sender]:
    """Return agents that are about to send so many batches each, or until they are told that it is enough."""
    return [Sender(new_agent(urls[0]), batches, urls, size) for _ in range(count)]


def answers(senders: list[Sender], status: int) -> int:
    """Count the answers of one status that all of them got so far."""
    return sum(sender.statuses[status] for sender in senders)


def go_on(senders: list[Sender], more: int = 60) -> None:
    """Wait until so many more batches are acknowledged."""
    _wait_for_more(senders, 200, more)


def are_refused(senders: list[Sender], more: int = 10) -> None:
    """Wait until so many more requests were told to come again later."""
    _wait_for_more(senders, 503, more)


def _wait_for_more(senders: list[Sender], status: int, more: int) -> None:
    """Wait for answers of one status beyond those there are."""
    goal = answers(senders, status) + more
    wait_for(lambda: answers(senders, status) >= goal, 60)


def end(senders: list[Sender]) -> None:
    """Let them bring to an end what they have begun."""
    for sender in senders:
        sender.enough.set()


@contextmanager
def sending(senders: list[Sender], seconds: float = 120) -> Iterator[list[Sender]]:
    """Let all senders send during the block and until they are done; where the block fails they give up."""
    threads = [threading.Thread(target=sender.send_all) for sender in senders]
    for thread in threads:
        thread.start()
    try:
        yield senders
    except BaseException:
        for sender in senders:
            sender.gives_up.set()
        raise
    finally:
        for thread in threads:
            thread.join(seconds)


@contextmanager
def beating(*agents: Agent) -> Iterator[Told]:
    """Let machines send one heartbeat after the other during the block."""
    ended, told = threading.Event(), Told()

    def beat(agent: Agent) -> None:
        with httpx.Client(timeout=30) as client:
            while not ended.wait(0.05):
                told.post(client, agent, "heartbeat", {"status": "ok", "usage": {"cpu_percent": 1}}, agent.url)

    with ExitStack() as after:
        for agent in agents:
            thread = threading.Thread(target=beat, args=(agent,))
            thread.start()
            after.callback(thread.join, 60)
        after.callback(ended.set)
        yield told


def memory(process: int, line: str = "VmRSS") -> int:
    """Return how much a process holds right now, or held at most (`VmHWM`), in kB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(found.split()[1]) for found in lines if found.startswith(line))


def assert_stored_once(senders: list[Sender]) -> None:
    """Check that what was acknowledged is stored, once, and that nobody was told of anything but a wait."""
    for sender in senders:
        assert sender.enough.is_set() or sender.begun == sender.batches
        counts, due = (sender.acknowledged, sender.stored()), sender.begun * (sender.size + VITALS)
        assert counts == (due, due), f"acknowledged and stored {counts}, {sender.begun} batches"
        assert_patient(sender.told)


def assert_patient(told: Told) -> None:
    """Check that whoever was not served was asked to come again, and told when."""
    assert set(told.statuses) <= {200, 503}, told.statuses
    assert not told.impatient, "a 503 says when to come again"
