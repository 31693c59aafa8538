"""Fixtures of a whole portal, and of a machine that enrols into it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import redis
from django.conf import settings

from apps.jobs.models import JobRun
from apps.nodes.models import Node
from tests import make, processes
from tests.processes import Portal, Running

EVERYTHING = ("web", "ingest", "worker", "beat")


@pytest.fixture
def redis_url() -> str:
    """A Valkey database of this test's own, emptied before."""
    server, _, number = settings.REDIS_URL.rpartition("/")
    url = f"{server}/{int(number) + 1}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def portal(committed: None, tmp_path: Path, redis_url: str) -> Iterator[Portal]:
    """Web, ingest, worker and beat, as operators run them."""
    with processes.portal(tmp_path, redis_url, *EVERYTHING) as started:
        yield started


def sweeps(**when: datetime) -> int:
    """Return how many sweeps for silent nodes there were, by when they started or finished."""
    return JobRun.objects.filter(schedule="nodes.settle_contact", **when).count()


@dataclass
class Machine:
    """A machine with the real agent on it."""

    portal: Portal
    config: Path
    agent: Running | None = None

    def enrol(self) -> Node:
        """Enrol as a person would, with a token and the agent's own command; returns the node."""
        token = make.enrollment_token()
        command = ["enroll", "--server", self.portal.url, "--token", token, "--config", str(self.config)]
        enrolment = self.portal.launch("agent", [sys.executable, "-m", "omega_agent", *command])
        assert enrolment.process.wait(30) == 0, enrolment.log.read_text()
        return Node.objects.get()

    def start(self) -> Running:
        """Start the agent."""
        self.agent = self.portal.launch(
            "agent", [sys.executable, "-m", "omega_agent", "run", "--config", str(self.config)]
        )
        self.portal.running[f"agent-{self.agent.process.pid}"] = self.agent
        return self.agent


@pytest.fixture
def machine(portal: Portal, tmp_path: Path) -> Machine:
    """This very machine, not enrolled yet."""
    return Machine(portal, tmp_path / "agent" / "agent.toml")


@pytest.fixture
def quick_heartbeats() -> Callable[[Node], None]:
    """Make a node's silence short enough for a test to wait for."""

    def shorten(node: Node) -> None:
        Node.objects.filter(pk=node.pk).update(heartbeat_interval_seconds=5, silence_grace_seconds=5)

    return shorten
