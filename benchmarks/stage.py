"""What a goal plays on: a migrated database of its own, and the portal's real processes; all of it gone afterwards."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from benchmarks.processes import Server, free_port, launch
from omega_portal.stack.console import StackError
from omega_portal.stack.portal import BOUNDED_HEADERS

UVICORN: Final = ("uvicorn", "--host", "127.0.0.1", "--log-level", "warning", "--no-proxy-headers")
DROP_SECONDS: Final = 10.0
EVERYTHING: Final = "SELECT set_config('omega.role', 'SYSTEM', false), set_config('omega.tenant_ids', 'all', false)"


class Stage:
    """One goal's database and processes. Talks to 127.0.0.1 only."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for logs; the database is the one Django's settings name now."""
        self._folder = folder
        self._servers: dict[str, Server] = {}

    @property
    def owner_url(self) -> str:
        """The database as its owner: for filling it, for baselines, and for counting."""
        found = connections["owner"].settings_dict
        return f"postgresql://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """Return a connection of the owner's that sees every row."""
        connection = psycopg.connect(self.owner_url, autocommit=True)
        connection.execute(EVERYTHING)
        connection.autocommit = autocommit
        return connection

    def web(self, **variables: str) -> Server:
        """Start the web process (one worker) and wait until it is ready; `variables` are added to its environment."""
        arguments = ["omega_portal.asgi:application", *BOUNDED_HEADERS, "--lifespan", "off"]
        return self.serve("web", arguments, "/readyz", variables)

    def ingest(self, name: str = "ingest", **variables: str) -> Server:
        """Start an ingest process and wait until it is ready; a second one needs a name of its own."""
        return self.serve(name, ["omega_portal.ingest_asgi:application"], "/readyz", variables)

    def serve(self, name: str, arguments: list[str], ready: str, variables: dict[str, str] | None = None) -> Server:
        """Start any ASGI application under the same server and settings; `ready` is a path that answers 200."""
        port = free_port()
        environment = self._environment("ingest" if name.startswith("ingest") else "web", port) | (variables or {})
        server = launch([*UVICORN, "--port", str(port), *arguments], environment, self._folder / f"{name}.log", port)
        self._servers[name] = server
        server.wait_until_ready(ready)
        return server

    def checkpoint(self) -> None:
        """Let no side pay for what the other wrote; without a superuser's URL the server does it when it likes."""
        if settings.DATABASE_ADMIN_URL:
            with psycopg.connect(settings.DATABASE_ADMIN_URL, autocommit=True) as admin:
                admin.execute("CHECKPOINT")

    def memory(self) -> dict[str, float]:
        """Return the peak memory of each process in 10^6 bytes, this one's included, by name."""
        found = {name: server.peak_memory_mb for name, server in self._servers.items()}
        return {f"{name} peak RSS MB": value for name, value in found.items() if value is not None}

    def stop(self) -> None:
        """End every process that was started here."""
        for server in reversed(list(self._servers.values())):
            server.stop()

    def _environment(self, process: str, port: int) -> dict[str, str]:
        """Return the variables of one process."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_"))}
        own = {"OMEGA_PROCESS": process, "DATABASE_URL": self.owner_url, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        return kept | own | {"OMEGA_ENV": "test", "INGEST_PUBLIC_URL": f"http://127.0.0.1:{port}"}


@contextmanager
def stage() -> Iterator[Stage]:
    """Make a database, migrate it, and take it and every process away after the block."""
    _stay_here(connections["owner"].settings_dict["HOST"])
    name = f"omega_bench_{os.getpid()}"
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    with tempfile.TemporaryDirectory() as folder:
        found = Stage(Path(folder))
        _drop(name)
        _maintain("CREATE DATABASE {}", name)
        try:
            _point_at(dict.fromkeys(before, name))
            call_command("migrate", database="owner", verbosity=0, interactive=False)
            yield found
        finally:
            found.stop()
            _point_at(before)
            _drop(name)


def _point_at(names: dict[str, str]) -> None:
    """Point Django at other databases."""
    connections.close_all()
    for alias, name in names.items():
        connections[alias].settings_dict["NAME"] = name


def _stay_here(host: str) -> None:
    """Raise StackError for a server on another machine: filling it is nothing to be done by accident."""
    plain = unquote(host) or "localhost"
    if plain not in ("localhost", "127.0.0.1", "::1") and not plain.startswith("/"):
        raise StackError(f"benchmarks run on this machine only, and DATABASE_URL names {plain}")


def _drop(name: str) -> None:
    """Remove the database; another role's connection may still be closing, and the owner may not end it."""
    ends = time.monotonic() + DROP_SECONDS
    while True:
        try:
            return _maintain("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            if time.monotonic() > ends:
                raise
            time.sleep(0.2)


def _maintain(statement: str, name: str) -> None:
    """Run a statement that cannot run inside the database it is about."""
    found = connections["owner"].settings_dict
    login = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
