"""Only the database and Redis, for tests and development, apart from the portal's own data."""

import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omega_portal.stack.credentials import secret
from omega_portal.stack.files import only_one, read_json, write_json
from omega_portal.stack.places import Place, open_place
from omega_portal.stack.postgres import stop_server
from omega_portal.stack.processes import find, stop
from omega_portal.stack.servers import PLAIN, TIMESCALE, ensure_servers
from omega_portal.stack.valkey import NAME as VALKEY

PLACE = "test"
# Names the servers that only run for commands, and go with the last of them.
_PASSING = "passing.json"


def start_services(local: Path, *, plain: bool = False, passing: bool = False) -> dict[str, str]:
    """Bring up disposable servers and return the environment that reaches them.

    They stay until `stop_services`; those a `passing` call has to start go with the last command instead.
    """
    place = open_place(local, PLACE)
    with only_one(place.lock_file):
        servers = ensure_servers(place, plain=plain, disposable=True)
        known = read_json(place.root / _PASSING)
        stays = {} if passing else dict.fromkeys(_names(place), False)
        write_json(place.root / _PASSING, known | stays | dict.fromkeys(servers.started, passing))
        key = secret(place, "secret_key", length=48)
    return {
        "OMEGA_ENV": "test",
        "DATABASE_URL": servers.database_url,
        "DATABASE_ADMIN_URL": servers.database_admin_url,
        "REDIS_URL": servers.redis_url,
        "SECRET_KEY": key,
    }


def stop_services(local: Path) -> None:
    """Stop all disposable servers; their data stays."""
    place = open_place(local, PLACE)
    with only_one(place.lock_file):
        _stop(place, _names(place))


def run_with_services(local: Path, command: Sequence[str], *, plain: bool = False) -> int:
    """Run a command against the servers and return its exit code; stop after it what nobody else needs."""
    place = open_place(local, PLACE)
    with _in_use(place):
        environment = start_services(local, plain=plain, passing=True)
        return subprocess.run(list(command), env={**os.environ, **environment}, check=False).returncode


@contextmanager
def _in_use(place: Place) -> Iterator[None]:
    """Count as a user of the servers for the block; the last one to leave stops the passing ones."""
    with (place.root / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            with only_one(place.lock_file):
                _leave(place, users.fileno())


def _leave(place: Place, users: int) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    passing = read_json(place.root / _PASSING)
    _stop(place, [name for name in _names(place) if passing.get(name)])


def _names(place: Place) -> list[str]:
    return [name for name in (TIMESCALE, PLAIN, VALKEY) if find(place, name) is not None]


def _stop(place: Place, names: Sequence[str]) -> None:
    for name in names:
        record = find(place, name)
        if name == VALKEY and record is not None:
            stop(place, record)
        elif name != VALKEY:
            stop_server(place, name)
