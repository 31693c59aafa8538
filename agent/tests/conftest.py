"""A portal to talk to, a machine's folder to live in, and an agent that runs in this process."""

import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from omega_agent.config import Config, Delivery, Intervals
from omega_agent.configfile import write_config
from omega_agent.runner import Messages, run_once

# These tests run alone and together with the portal's, whose import mode leaves this folder out of the path.
sys.path.insert(0, str(Path(__file__).parent))
from agent_support import QUICK, Agent, Start
from portal_double import KEY, Portal

# A property says what holds, not how fast: on a busy machine any single example may take long.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def portal() -> Iterator[Portal]:
    server = Portal()
    yield server
    server.stop()


@pytest.fixture
def config(portal: Portal, tmp_path: Path) -> Config:
    """An enrolled machine that hurries: five measurements a second."""
    made = Config(
        path=tmp_path / "agent.toml",
        server=portal.url,
        ingest_url=portal.url,
        node_id="n1",
        intervals=Intervals(vitals_seconds=0.2, processes_seconds=0.6),
        delivery=Delivery(batch_items=4, pause_seconds=0.02),
        retry=QUICK,
    )
    write_config(made, KEY)
    return made


@pytest.fixture
def start(config: Config) -> Iterator[Start]:
    """Starts an agent with changed settings; stops what the test left running."""
    agents: list[Agent] = []

    def started(**changes: object) -> Agent:
        changed = replace(config, **changes)  # type: ignore[arg-type]
        messages: Messages = queue.SimpleQueue()
        thread = threading.Thread(target=run_once, args=(changed, messages), daemon=True)
        agent = Agent(changed, messages, thread)
        agents.append(agent)
        thread.start()
        return agent

    yield started
    for agent in agents:
        if agent.thread.is_alive():
            agent.stop()
