"""A PostgreSQL that a drill may kill and freeze, with the whole schema: while it is lent, it is the tests' database."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from omega_portal.stack.cluster import SUPERUSER, Cluster
from omega_portal.stack.console import StackError
from omega_portal.stack.embedded import embedded_programs
from omega_portal.stack.packages import is_ready
from omega_portal.stack.places import CHECKOUT, Place, open_place
from omega_portal.stack.postgres import ensure_running, stop_server
from omega_portal.stack.processes import Record, is_alive
from omega_portal.stack.servers import PLAIN, TIMESCALE
from omega_portal.stack.timescale import timescale_programs
from tests.processes import wait_for


@dataclass
class OwnServer:
    """The server, durable as in production; `log` is what it wrote."""

    cluster: Cluster
    record: Record = field(init=False)

    def start(self) -> None:
        """Start it, or find it running; what is left of a killed one makes room first."""
        self.record = ensure_running(self.cluster)

    def kill(self) -> None:
        """End the postmaster as a power cut would."""
        os.kill(self.record.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(self.record))
        # The test's own connections ended with it.
        connections.close_all()

    def kill_backend_of(self, role: str) -> None:
        """End one connection's process of a role; the server then ends all of them and starts anew by itself."""
        with self._administrator() as found:
            row = found.execute("SELECT min(pid) FROM pg_stat_activity WHERE usename = %s", [role]).fetchone()
        assert row and row[0], f"{role} is not connected"
        os.kill(row[0], signal.SIGKILL)
        wait_for(lambda: f"(PID {row[0]}) was terminated by signal 9" in self.log.read_text())
        connections.close_all()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing of it move during the block, as if its disk did not answer."""
        stopped = [self.record.pid]
        try:
            with self._administrator() as asking:
                os.kill(self.record.pid, signal.SIGSTOP)
                # With the postmaster stopped there will be no others.
                stopped += [pid for (pid,) in asking.execute("SELECT pid FROM pg_stat_activity").fetchall()]
            for pid in stopped[1:]:
                _signal(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(stopped):
                _signal(pid, signal.SIGCONT)

    @property
    def log(self) -> Path:
        """Where it writes its log."""
        return self.cluster.place.log / f"{self.cluster.name}.log"

    @contextmanager
    def as_the_database(self) -> Iterator[None]:
        """Let the tests' connections, and the processes they start, lead here during the block."""
        address = urlsplit(self.cluster.url(self.record.port or 0))
        here = {
            "HOST": address.hostname or "",
            "PORT": str(address.port),
            "USER": unquote(address.username or ""),
            "PASSWORD": unquote(address.password or ""),
            "NAME": address.path.lstrip("/"),
        }
        before = {alias: {name: connections.settings[alias][name] for name in here} for alias in connections}
        try:
            _lead_to(dict.fromkeys(before, here))
            with override_settings(DATABASE_ADMIN_URL=""):
                yield
        finally:
            _lead_to(before)

    def _administrator(self) -> psycopg.Connection[tuple[int]]:
        """Return a connection that may see everybody's."""
        return psycopg.connect(self.cluster.url(self.record.port or 0, SUPERUSER, "postgres"), autocommit=True)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Make a server, migrated, and lend it as the tests' database; it is stopped and removed after the block."""
    folder = Path(tempfile.mkdtemp(prefix="omega-drill-", dir="/var/tmp"))
    folder.chmod(0o755)
    opened = open_place(folder)
    cluster = _cluster(Place(opened.root, opened.data, CHECKOUT / ".local" / "programs", opened.account))
    server = OwnServer(cluster)
    try:
        server.start()
        with server.as_the_database():
            call_command("migrate", database="owner", verbosity=0, interactive=False)
            yield server
    finally:
        stop_server(cluster.place, cluster.name)
        shutil.rmtree(folder)


def _cluster(place: Place) -> Cluster:
    """Return the data directory to be, served by what the stack has here: TimescaleDB, else plain PostgreSQL."""
    if is_ready(place.programs / "timescaledb-pg17"):
        return Cluster(place, TIMESCALE, timescale_programs(place), has_timescale=True)
    try:
        return Cluster(place, PLAIN, embedded_programs(place), has_timescale=False)
    except StackError as reason:
        shutil.rmtree(place.root)
        pytest.skip(f"left out: a server that was given must not be killed, and there is none of ours: {reason}")


def _lead_to(places: dict[str, dict[str, str]]) -> None:
    """Point each of Django's aliases at a place; what was known of the server before is forgotten."""
    connections.close_all()
    for alias, place in places.items():
        connections.settings[alias].update(place)
        connections[alias].settings_dict.update(place)
        connections[alias].__dict__.pop("tier", None)


def _signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
