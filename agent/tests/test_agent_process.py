"""The real process: killed, restarted, reloaded, stopped."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from agent_support import read_ledger, wait_for
from omega_agent.config import Config
from omega_agent.configfile import render_config
from omega_agent.files import write_private
from portal_double import KEY, Portal

Run = Callable[[], subprocess.Popen[str]]
LONGEST_PAUSE = 3.0


@pytest.fixture
def run(config: Config) -> Iterator[Run]:
    processes: list[subprocess.Popen[str]] = []

    def started() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "omega_agent", "run", "--config", str(config.path)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def gaps(portal: Portal) -> list[float]:
    times = sorted(portal.usage)
    return [later - earlier for earlier, later in pairwise(times)]


def is_quiet(portal: Portal) -> bool:
    """Tell whether nothing comes for many times the quick interval; the slow one is a minute."""
    before = len(portal.usage)
    time.sleep(1.5)
    return len(portal.usage) == before


def stop(process: subprocess.Popen[str]) -> str:
    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert time.monotonic() - asked_at < 9, "no request in progress was waited for to its end, which takes ten"
    return log


def test_kill_9_in_an_outage_leaves_one_gap_and_no_duplicate(portal: Portal, config: Config, run: Run) -> None:
    first = run()
    wait_for(lambda: len(portal.usage) >= 4)
    portal.trouble = lambda path, body: (503, {}, {"code": "down"})
    wait_for(lambda: read_ledger(config.spool_path).waiting >= 8)
    first.kill()
    first.wait()
    killed_at = time.time()
    time.sleep(4)
    restarted_at = time.time()
    second = run()
    wait_for(lambda: read_ledger(config.spool_path).waiting >= 14)
    with portal.lock:
        portal.trouble = lambda path, body: None
        portal.calls.clear()
    wait_for(lambda: portal.batches and read_ledger(config.spool_path).waiting <= 1)
    log = stop(second)
    ledger = read_ledger(config.spool_path)
    assert ledger.spooled == len(portal.usage) + len(portal.samples) + ledger.waiting
    assert portal.duplicates == 0 and ledger.dropped == 0
    assert portal.calls[0][0] == "heartbeat"
    times = sorted(portal.usage)
    holes = [(a, b) for a, b in pairwise(times) if b - a > LONGEST_PAUSE]
    assert len(holes) == 1, "the machine was measured all along but while the agent was dead"
    assert holes[0][0] <= killed_at and holes[0][1] >= restarted_at
    assert KEY not in log and "event=stopped" in log


def test_server_that_vanishes_and_returns_sees_every_instant(portal: Portal, config: Config, run: Run) -> None:
    process = run()
    wait_for(lambda: len(portal.usage) >= 3)
    port = portal.server_address[1]
    portal.stop()
    wait_for(lambda: read_ledger(config.spool_path).waiting >= 12)
    returned = Portal(port, store_of=portal)
    wait_for(lambda: returned.batches and read_ledger(config.spool_path).waiting <= 1)
    stop(process)
    returned.stop()
    ledger = read_ledger(config.spool_path)
    assert ledger.spooled == len(returned.usage) + len(returned.samples) + ledger.waiting
    assert max(gaps(returned)) < LONGEST_PAUSE


def test_sigterm_does_not_wait_for_a_server_that_hangs(portal: Portal, config: Config, run: Run) -> None:
    process = run()
    wait_for(lambda: len(portal.usage) >= 2)
    with portal.lock:
        held = portal.count
        wait_for(lambda: read_ledger(config.spool_path).waiting >= 3)
        stop(process)
    assert held("heartbeat") >= 2


def test_sighup_takes_a_changed_file_and_refuses_a_broken_one(portal: Portal, config: Config, run: Run) -> None:
    process = run()
    wait_for(lambda: len(portal.usage) >= 2)
    slower = replace(config, intervals=replace(config.intervals, vitals_seconds=60.0))
    write_private(config.path, "server = ")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    seen = len(portal.usage)
    wait_for(lambda: len(portal.usage) >= seen + 3)
    write_private(config.path, render_config(slower))
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: is_quiet(portal))
    log = stop(process)
    assert "event=reload_failed" in log and "event=reloaded" in log


def test_second_agent_on_the_same_spool_is_refused(portal: Portal, config: Config, run: Run) -> None:
    run()
    wait_for(lambda: portal.usage)
    second = run()
    _, log = second.communicate(timeout=10)
    assert second.returncode == 1 and "Another omega-agent is already using" in log
