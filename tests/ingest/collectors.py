"""A real Prometheus and a real node_exporter for a test, their data in the test's folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from omega_portal.stack.collectors import find_node_exporter, find_prometheus
from omega_portal.stack.console import StackError
from omega_portal.stack.places import CHECKOUT, open_place
from tests.ingest.conftest import Agent
from tests.processes import Portal, Running, answers, free_port, wait_for

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - {{job_name: prometheus, static_configs: [{{targets: ["127.0.0.1:{own}"]}}]}}
  - {{job_name: node, static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]}}
remote_write:
  - url: {url}/api/v1/agent/prometheus/write
    authorization: {{credentials: {key}}}
    metadata_config: {{send_interval: 1s}}
    queue_config: {{batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s}}
"""


@dataclass
class Collectors:
    """The two programs, running."""

    prometheus: Running
    node_exporter: Running
    url: str

    def ask(self, question: str) -> list[dict[str, Any]]:
        """Return what Prometheus itself answers to a question."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": question}, timeout=10)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return found


@contextmanager
def collectors(running: Portal, agent: Agent, folder: Path) -> Iterator[Collectors]:
    """Start both for a block; without packages to take them from the test says so and is left out."""
    try:
        place = open_place(CHECKOUT / ".local")
        prometheus, node_exporter = find_prometheus(place), find_node_exporter(place)
    except StackError as reason:
        pytest.skip(f"left out: {reason}")
    own, exporter = free_port(), free_port()
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(own=own, exporter=exporter, url=agent.url, key=agent.key))
    commands = {
        "node_exporter": [str(node_exporter), f"--web.listen-address=127.0.0.1:{exporter}"],
        "prometheus": [
            str(prometheus),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{own}",
        ],
    }
    started = {name: running.launch(name, command) for name, command in commands.items()}
    try:
        url = f"http://127.0.0.1:{own}"
        wait_for(lambda: answers(f"{url}/-/ready"), 60)
        yield Collectors(started["prometheus"], started["node_exporter"], url)
    finally:
        for one in started.values():
            one.stop()
