"""`omega-agent run`: one beat that measures, one thread that delivers, signals that stop and reload."""

import fcntl
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Literal

from omega_agent import __version__
from omega_agent.collector import Collector, Health
from omega_agent.config import Config, load_config
from omega_agent.configfile import read_key
from omega_agent.errors import AgentError
from omega_agent.latest import Latest
from omega_agent.logs import MinuteCounter, event, set_up_logging
from omega_agent.rules import beat_after, clamp_interval
from omega_agent.sender import Sender
from omega_agent.spool import open_spool

GRACE_SECONDS = 5.0
FIRST_BEAT_SECONDS = 1.0
Outcome = Literal["stop", "reload"]
SIGNALS: dict[int, Outcome] = {signal.SIGTERM: "stop", signal.SIGINT: "stop", signal.SIGHUP: "reload"}
Message = Outcome | float  # what to end with, or a new interval in seconds
# SimpleQueue.put is the one hand-over that a signal handler may use while the main thread waits in get().
Messages = queue.SimpleQueue[Message]


def run_agent(path: Path) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP starts over with the configuration read again. Returns the exit
    code.
    """
    config = load_config(path)
    set_up_logging(config.log_level)
    messages: Messages = queue.SimpleQueue()
    for number, outcome in SIGNALS.items():
        signal.signal(number, _handler(messages, outcome))
    event("started", version=__version__, node=config.node_id, ingest=config.ingest_url)
    while run_once(config, messages) == "reload":
        config = _reloaded(config)
    event("stopped")
    return 0


def run_once(config: Config, messages: Messages) -> Outcome:
    """Measure and deliver with one configuration until a message says otherwise."""
    config.spool_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _lock(config.spool_path.with_suffix(".lock"))
    spool = open_spool(config.spool_path, config.spool)
    latest, health = Latest(), Health()
    sender = Sender(config, spool, latest, health)
    configured = config.intervals.vitals_seconds
    sender.on_next = lambda wanted: messages.put(clamp_interval(wanted, configured))
    thread = threading.Thread(target=sender.run, name="sender", daemon=True)
    thread.start()
    try:
        return beat(Collector(config.intervals, spool, latest, health).collect, messages, configured)
    finally:
        sender.stop()
        thread.join(GRACE_SECONDS)
        spool.close()
        os.close(lock)


def beat(collect: Callable[[], None], messages: Messages, interval: float) -> Outcome:
    """Collect on every beat; the first one comes early so that the node shows up at once."""
    failures = MinuteCounter("measuring_failed")
    last = time.monotonic() - interval + min(interval, FIRST_BEAT_SECONDS)
    while True:
        message = _next_message(messages, last + interval)
        if isinstance(message, float):
            interval = message
        elif message is not None:
            return message
        elif (now := time.monotonic()) >= last + interval:
            last = beat_after(last + interval, now, interval)
            try:
                collect()
            except Exception as error:  # noqa: BLE001 - the loop's edge: the next measurement may work
                failures.add(f"{type(error).__name__}: {error}")
            failures.tell(now)


def _next_message(messages: Messages, due: float) -> Message | None:
    try:
        return messages.get(timeout=max(due - time.monotonic(), 0.0))
    except queue.Empty:
        return None


def _handler(messages: Messages, message: Outcome) -> Callable[[int, FrameType | None], None]:
    return lambda number, frame: messages.put(message)


def _reloaded(config: Config) -> Config:
    try:
        fresh = load_config(config.path)
        read_key(fresh)
    except AgentError as error:
        event("reload_failed", error=error)
        return config
    set_up_logging(fresh.log_level)
    event("reloaded")
    return fresh


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise AgentError(f"Another omega-agent is already using {path.parent}.") from None
    return descriptor
