"""One real ingest process for each module, and the words to speak to it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from apps.nodes.models import Node
from tests import make
from tests.processes import Portal, portal


@dataclass
class Agent:
    """A machine that talks to the door as an agent does."""

    url: str
    node: Node
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, call: str, body: Any, **more: Any) -> httpx.Response:
        """Send a JSON body, or bytes as they are."""
        payload = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Authorization": f"Bearer {self.key}", **self.headers, **more.pop("headers", {})}
        return httpx.post(f"{self.url}/api/v1/agent/{call}", headers=headers, timeout=30, **payload, **more)

    def send(self, *samples: Any, **parts: Any) -> httpx.Response:
        """Send a batch of samples under a fresh id."""
        return self.post("metrics", {"batch_id": str(uuid.uuid4()), "samples": list(samples), **parts})


@pytest.fixture(scope="module")
def door(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Return the running door; its pulse must not reach the tests of other modules."""
    with portal(Path(tmp_path_factory.mktemp("door")), settings.REDIS_URL, "ingest") as running:
        yield running


@pytest.fixture
def agent(door: Portal, committed: None) -> Agent:
    """Return an approved machine with a key."""
    return new_agent(door.ingest_url)


def new_agent(url: str, **columns: Any) -> Agent:
    """Return another machine."""
    node = make.node(**{"last_heartbeat": None, "silent_after": None, **columns})
    return Agent(url, node, make.key(node).text)


def epoch(seconds_from_now: float = 0.0) -> float:
    """Return epoch seconds some way from now."""
    return datetime.now(UTC).timestamp() + seconds_from_now
