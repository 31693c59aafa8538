"""Real processes for the flows: started on free ports against the tests' database, stopped by pid."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
from django.conf import settings

from omega_portal.stack.portal import BOUNDED_HEADERS
from omega_portal.stack.ports import is_free
from tests import database

T = TypeVar("T")
# Below the ports that systems and the local stack give out.
PORTS = range(12_000, 20_000)
ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """Return a port that nobody listens on, from those only this test worker is given."""
    mine = PORTS[settings.TEST_WORKER % 8 :: 8]
    return next(port for port in random.sample(mine, len(mine)) if is_free(port))


def wait_for(question: Callable[[], T], seconds: float = 20, every: float = 0.1) -> T:
    """Return the first true answer; fails the test with the last one when time is up."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} s: {question}"
        time.sleep(every)
    return answer


@dataclass
class Running:
    """One process a test started, with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self, seconds: float = 15) -> int:
        """Ask it to end and return its exit code; one that does not is killed."""
        self._signal(signal.SIGTERM, wait=seconds)
        if self.process.poll() is None:
            self.kill()
        return self.process.returncode

    def _signal(self, number: signal.Signals, wait: float = 10) -> None:
        """Send a signal to the process group and wait for the process."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(wait)


@dataclass
class Portal:
    """The portal's processes of one test."""

    folder: Path
    redis_url: str
    web_port: int = field(default_factory=free_port)
    ingest_port: int = field(default_factory=free_port)
    running: dict[str, Running] = field(default_factory=dict)
    database_url: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the web process is."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def ingest_url(self) -> str:
        """Where the ingest process is."""
        return f"http://127.0.0.1:{self.ingest_port}"

    def start(self, *names: str) -> None:
        """Start processes and wait until web and ingest are ready."""
        for name in names:
            self.running[name] = self.launch(name, [sys.executable, "-m", *self._arguments(name)])
        for name, url in (("web", self.url), ("ingest", self.ingest_url)):
            if name in names:
                wait_for(lambda url=url: answers(f"{url}/readyz"), 40)  # type: ignore[misc]

    def launch(self, name: str, command: list[str], **variables: str) -> Running:
        """Start any command with the portal's environment, its output in a log file."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(name) | variables,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return Running(name, process, log)

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of one process."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        return kept | {
            "OMEGA_ENV": "test",
            "OMEGA_PROCESS": name if name in ("web", "ingest", "worker", "beat") else "manage",
            "DATABASE_URL": self.database_url or database.url(),
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": self.url,
            "INGEST_PUBLIC_URL": self.ingest_url,
            **self.variables,
        }

    def _arguments(self, name: str) -> list[str]:
        """Return the module and arguments of one of the portal's own processes."""
        celery = ["celery", "-A", "omega_portal.celery"]
        uvicorn = ["uvicorn", "--host", "127.0.0.1", "--log-level", "warning", "--no-proxy-headers"]
        web = [*uvicorn, *BOUNDED_HEADERS, "--lifespan", "off", "--port", str(self.web_port)]
        return {
            "web": [*web, "omega_portal.asgi:application"],
            "ingest": [*uvicorn, "omega_portal.ingest_asgi:application", "--port", str(self.ingest_port)],
            "worker": [*celery, "worker", "--concurrency", "1", "--loglevel", "warning", "-n", f"w{self.web_port}@%h"],
            "beat": [*celery, "beat", "--loglevel", "warning", "--pidfile", ""],
        }[name]

    def stop_all(self) -> None:
        """End everything that still runs, by pid."""
        for running in reversed(list(self.running.values())):
            running.stop()


def answers(url: str) -> bool:
    """Tell whether an address answers 200."""
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5).status_code == 200
    return False


@contextmanager
def portal(folder: Path, redis_url: str, *names: str) -> Iterator[Portal]:
    """Start the named processes for a block."""
    made = Portal(folder, redis_url)
    try:
        made.start(*names)
        yield made
    finally:
        made.stop_all()
