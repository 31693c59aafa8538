"""Servers of the benchmarks' own, where none are given: durable as in production, started for one run."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from omega_portal.stack.credentials import secret
from omega_portal.stack.files import only_one
from omega_portal.stack.places import CHECKOUT, open_place
from omega_portal.stack.postgres import stop_server
from omega_portal.stack.processes import find, stop
from omega_portal.stack.servers import ensure_servers
from omega_portal.stack.valkey import NAME as VALKEY

PLACE: Final = "bench"


def run_with_servers(arguments: Sequence[str]) -> int:
    """Run `python -m benchmarks` again with servers of its own, and return its exit code; they end with it.

    Unlike the test services these flush to disk, as an acknowledgement promises.
    """
    place = open_place(CHECKOUT / ".local", PLACE)
    with only_one(place.lock_file):
        servers = ensure_servers(place, plain=False, disposable=False)
        try:
            given = {
                "OMEGA_ENV": "test",
                "DATABASE_URL": servers.database_url,
                "DATABASE_ADMIN_URL": servers.database_admin_url,
                "REDIS_URL": servers.redis_url,
                "SECRET_KEY": secret(place, "secret_key", length=48),
            }
            command = [sys.executable, "-m", "benchmarks", *arguments]
            return subprocess.run(command, env=os.environ | given, check=False).returncode
        finally:
            for name in servers.started:
                record = find(place, name)
                if record is not None and name == VALKEY:
                    stop(place, record)
                elif record is not None:
                    stop_server(place, name)
