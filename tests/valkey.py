"""A Valkey that a test may kill, wipe and start again."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from omega_portal.stack.embedded import valkey_program
from omega_portal.stack.places import CHECKOUT, open_place
from tests.processes import free_port, wait_for


class OwnValkey:
    """A Valkey of this test's own, without anything on disk: a restart has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        """Choose a port."""
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = valkey_program(open_place(CHECKOUT / ".local"))
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        command = [str(program), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.answers)

    def answers(self) -> bool:
        """Tell whether it can be used."""
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    """Start one for one test."""
    made = OwnValkey(tmp_path)
    made.start()
    yield made
    made.kill()
