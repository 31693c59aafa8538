"""The processes a benchmark starts: known by pid, ended by pid, reachable on 127.0.0.1 only."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError

from benchmarks.machine import peak_memory_mb
from omega_portal.stack.console import StackError
from omega_portal.stack.ports import is_free

ROOT: Final = Path(__file__).resolve().parents[1]
PORTS: Final = range(10_000, 12_000)
READY_SECONDS: Final = 40.0


def free_port() -> int:
    """Return a port nobody listens on."""
    return next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))


@dataclass
class Server:
    """One server that listens on a port of this machine."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def peak_memory_mb(self) -> float | None:
        """The most memory it ever held, in 10^6 bytes."""
        return peak_memory_mb(self.process.pid)

    def wait_until_ready(self, path: str) -> None:
        """Return once it answers 200; raises StackError with the end of its log when it does not."""
        ends = time.monotonic() + READY_SECONDS
        while not _answers(self.url + path):
            if self.process.poll() is not None or time.monotonic() > ends:
                tail = self.log.read_text(encoding="utf8", errors="replace")[-2000:]
                raise StackError(f"a server did not become ready:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                return
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)


def launch(arguments: Sequence[str], environment: Mapping[str, str], log: Path, port: int) -> Server:
    """Start `python -m <arguments>` in a process group of its own."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT, env=dict(environment), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    return Server(process, port, log)


def _answers(url: str) -> bool:
    """Tell whether an address answers 200."""
    with suppress(URLError, OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
        return bool(answer.status == 200)
    return False
