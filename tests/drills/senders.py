"""Agents that send batches until they are acknowledged, and what is stored of them."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from apps.metrics.models import MetricSample
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch

SAMPLES = 50


@dataclass
class Sender:
    """One agent's conversation: every batch is sent again until the answer is 200."""

    agent: Agent
    batches: int
    urls: list[str]
    acknowledged: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def send_all(self) -> None:
        """Send every batch; broken connections and 503 mean again."""
        start = epoch(-3600)
        with httpx.Client(timeout=20) as client:
            for number in range(self.batches):
                samples = [
                    {"type": f"drill.{n % 5}", "value": n, "at": start + number + n // 5 / 100} for n in range(SAMPLES)
                ]
                self._send(client, {"batch_id": str(uuid4()), "samples": samples}, number)

    def _send(self, client: httpx.Client, batch: dict[str, Any], number: int) -> None:
        """Send one batch until it is taken."""
        headers = {"Authorization": f"Bearer {self.agent.key}"}
        for attempt in range(1000):
            url = self.urls[(number + attempt) % len(self.urls)]
            try:
                answer = client.post(f"{url}/api/v1/agent/metrics", json=batch, headers=headers)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.acknowledged += answer.json()["accepted"] + answer.json()["duplicate"]
                return
            time.sleep(0.05)
        raise AssertionError("a batch was never acknowledged")

    def stored(self) -> int:
        """Count what is stored of this agent."""
        with acting_as("omega_worker"):
            return MetricSample.objects.filter(series__node=self.agent.node).count()


@contextmanager
def sending(senders: list[Sender], seconds: float = 120) -> Iterator[list[Sender]]:
    """Let all senders send during the block and until they are done."""
    threads = [threading.Thread(target=sender.send_all) for sender in senders]
    for thread in threads:
        thread.start()
    try:
        yield senders
    finally:
        for thread in threads:
            thread.join(seconds)


def assert_stored_once(senders: list[Sender]) -> None:
    """Check that what was acknowledged is stored, once, and that nobody was told of anything but a wait."""
    for sender in senders:
        assert sender.acknowledged == sender.batches * SAMPLES
        assert sender.stored() == sender.batches * SAMPLES
        assert set(sender.statuses) <= {200, 503}
