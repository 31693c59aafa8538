"""Running in the foreground: shows a compact log, restarts what crashes, stops everything at the end."""

import os
import re
import signal
import time
from dataclasses import dataclass
from types import FrameType

from omega_portal.stack.console import StackError, say
from omega_portal.stack.files import only_one
from omega_portal.stack.follow import Follower
from omega_portal.stack.own_agent import ensure_agent
from omega_portal.stack.places import Place
from omega_portal.stack.portal import (
    AGENT,
    PROCESSES,
    SERVERS,
    Portal,
    ensure_processes,
    open_portal,
    take_down,
)
from omega_portal.stack.processes import Launch, find, remember
from omega_portal.stack.summary import write_summary
from omega_portal.stack.up import bring_up

NAME = "supervisor"
_STEADY_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 30
# Servers are chatty; from them only trouble is shown.
_TROUBLE = re.compile(r"FATAL|PANIC|ERROR")


@dataclass
class BackOff:
    """How long to wait before the next restart of one process: the pause doubles while it keeps crashing."""

    pause_seconds: float = 0
    last_at: float = float("-inf")

    def is_due(self, now: float) -> bool:
        """Whether a restart may happen at `now`; if so, the pause before the one after it is settled too."""
        since_seconds = now - self.last_at
        if since_seconds < self.pause_seconds:
            return False
        is_steady = since_seconds > _STEADY_SECONDS
        self.pause_seconds = 1 if is_steady else min(self.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        self.last_at = now
        return True


def run(place: Place) -> None:
    """Bring everything up and stay until Ctrl-C or a termination signal, then stop everything."""
    other = find(place, NAME)
    if other is not None:
        raise StackError(f"already running in the foreground elsewhere (process {other.pid})")
    remember(place, Launch(NAME, ()), os.getpid())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    follower = Follower(place.log)
    follower.skip()
    try:
        portal = bring_up(place)
        say("Ctrl-C stops everything")
        _watch(portal, follower)
    except KeyboardInterrupt:
        say("stopping")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with only_one(place.lock_file):
            take_down(place)
        (place.run / f"{NAME}.json").unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(portal: Portal, follower: Follower) -> None:
    wanted = [*(name for name in SERVERS if find(portal.place, name)), *PROCESSES, AGENT]
    pauses = {name: BackOff() for name in wanted}
    while True:
        for name, line in follower.new_lines():
            if name not in SERVERS or _TROUBLE.search(line):
                say(f"{name:<11} {line}")
        for name in wanted:
            if find(portal.place, name) is None and pauses[name].is_due(time.monotonic()):
                portal = _restart(portal, name)
        time.sleep(0.5)


def _restart(portal: Portal, name: str) -> Portal:
    say(f"{name} ended; starting it again")
    with only_one(portal.place.lock_file):
        try:
            if name == AGENT:
                ensure_agent(portal)
            elif name in SERVERS:
                # Another port makes the processes start anew with the new address.
                portal = open_portal(portal.place)
                ensure_processes(portal)
            else:
                ensure_processes(portal, [name])
            write_summary(portal)
        except StackError as trouble:
            say(str(trouble))
    return portal
