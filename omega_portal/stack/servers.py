"""Database and Redis for an installation: yours by environment, else the best this machine can run."""

import os
from dataclasses import dataclass
from pathlib import Path

from omega_portal.stack.cluster import SUPERUSER, Cluster, is_made
from omega_portal.stack.console import StackError, say
from omega_portal.stack.container import container_database
from omega_portal.stack.embedded import embedded_programs
from omega_portal.stack.places import Place
from omega_portal.stack.postgres import ensure_running
from omega_portal.stack.processes import find
from omega_portal.stack.timescale import timescale_programs
from omega_portal.stack.valkey import ensure_valkey, valkey_url

TIMESCALE, PLAIN = "timescaledb", "postgresql"
_PORTS = {TIMESCALE: 25432, PLAIN: 25433}
_REDIS_PORT = 26379


@dataclass(frozen=True)
class Servers:
    """Addresses of what the portal stands on; the administrator's may be empty for a database of yours."""

    database_url: str
    database_admin_url: str
    redis_url: str
    started: tuple[str, ...]


def ensure_servers(place: Place, *, plain: bool = False, disposable: bool = False) -> Servers:
    """Return running servers; `plain` insists on PostgreSQL without TimescaleDB, whatever DATABASE_URL says.

    `started` names the processes that did not run before.
    """
    before = _running(place)
    yours = (given("DATABASE_URL"), given("DATABASE_ADMIN_URL"))
    database = yours if yours[0] and not plain else _own_database(place, plain, disposable)
    redis = given("REDIS_URL")
    if not redis:
        record = ensure_valkey(place, None if disposable else _REDIS_PORT)
        redis = valkey_url(place, record.port or 0)
    return Servers(*database, redis, tuple(sorted(_running(place) - before)))


def given(name: str) -> str:
    """The value of a variable, or the content of the file that `NAME_FILE` names; empty when neither is set."""
    path = os.environ.get(f"{name}_FILE")
    return os.environ.get(name) or (Path(path).read_text(encoding="utf-8").strip() if path else "")


def _running(place: Place) -> set[str]:
    return {name for name in (TIMESCALE, PLAIN, "valkey") if find(place, name) is not None}


def _own_database(place: Place, plain: bool, disposable: bool) -> tuple[str, str]:
    """Owner's and administrator's address; data that an earlier start made decides before preference does."""
    name = PLAIN if plain else _kept(place)
    if name != PLAIN:
        try:
            timescale_programs(place)
        except StackError as reason:
            if name == TIMESCALE:
                raise
            say(f"TimescaleDB from packages: {reason}")
            container = container_database(place, _PORTS[TIMESCALE])
            if container is not None:
                return container
            say("using plain PostgreSQL from its wheel: no hypertables, no compression")
            name = PLAIN
    return _addresses(_cluster(place, name or TIMESCALE, disposable))


def _kept(place: Place) -> str | None:
    """Which of our servers already holds data here."""
    return next((name for name in (TIMESCALE, PLAIN) if is_made(place, name)), None)


def _cluster(place: Place, name: str, disposable: bool) -> Cluster:
    programs = timescale_programs(place) if name == TIMESCALE else embedded_programs(place)
    preferred = None if disposable else _PORTS[name]
    return Cluster(place, name, programs, name == TIMESCALE, disposable, preferred)


def _addresses(cluster: Cluster) -> tuple[str, str]:
    port = ensure_running(cluster).port or 0
    return cluster.url(port), cluster.url(port, SUPERUSER, "postgres")
