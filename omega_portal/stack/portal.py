"""The portal's own processes on one machine: what they are, and bringing all of them up or down."""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omega_portal.stack.console import StackError, say
from omega_portal.stack.container import stop_container
from omega_portal.stack.environment import Addresses, addresses, full_environment, own_variables, quiet_level
from omega_portal.stack.health import is_ready
from omega_portal.stack.places import CHECKOUT, Place
from omega_portal.stack.ports import choose_port, remembered_port
from omega_portal.stack.postgres import stop_server
from omega_portal.stack.processes import Launch, find, is_alive, signal_all, start, stop, tail, wait_until
from omega_portal.stack.servers import PLAIN, TIMESCALE, Servers, ensure_servers
from omega_portal.stack.valkey import NAME as VALKEY

WEB, INGEST, WORKER, BEAT, AGENT = "web", "ingest", "worker", "beat", "agent"
PROCESSES = (WEB, INGEST, WORKER, BEAT)
SERVERS = (TIMESCALE, PLAIN, VALKEY)
# The other parser of the server holds headers of any length in memory until they end.
BOUNDED_HEADERS = ("--http", "h11", "--h11-max-incomplete-event-size", "65536")
_PORTS = {WEB: 8000, INGEST: 8001}
_READY_SECONDS = 90


@dataclass(frozen=True)
class Portal:
    """A portal whose servers run: where everything is reached."""

    place: Place
    servers: Servers
    where: Addresses


def open_portal(place: Place) -> Portal:
    """Bring up database and Redis and settle the ports; starts no process of the portal itself."""
    servers = ensure_servers(place)
    ports = {name: _port(place, name) for name in (WEB, INGEST)}
    return Portal(place, servers, addresses(ports[WEB], ports[INGEST]))


def launch_of(portal: Portal, name: str) -> Launch:
    """How one process of the portal is started."""
    variables = own_variables(portal.place, portal.servers, portal.where, name)
    command = (sys.executable, "-m", *_arguments(portal, name))
    digest = hashlib.sha256(repr((command, sorted(variables.items()))).encode()).hexdigest()
    port = {WEB: portal.where.web_port, INGEST: portal.where.ingest_port}.get(name)
    return Launch(name, command, full_environment(variables), port, None, CHECKOUT, digest)


def ensure_processes(portal: Portal, names: Iterable[str] = PROCESSES) -> list[str]:
    """Start the named processes that are dead or were started with other settings; return their names."""
    started = []
    for name in names:
        launch, record = launch_of(portal, name), find(portal.place, name)
        if record is not None and record.fingerprint == launch.fingerprint:
            continue
        if record is not None:
            stop(portal.place, record)
        start(portal.place, launch)
        started.append(name)
    return started


def wait_ready(portal: Portal) -> None:
    """Wait until web and ingest can serve; raises StackError with the end of the log of one that died."""
    for name, port in ((WEB, portal.where.web_port), (INGEST, portal.where.ingest_port)):
        record = find(portal.place, name)
        if record is not None:
            wait_until(lambda: is_ready(port) or not is_alive(record), _READY_SECONDS, 0.2)  # noqa: B023
        if record is None or not is_ready(port):
            log = portal.place.log / f"{name}.log"
            raise StackError(f"{name} does not become ready; the end of {log}:\n{tail(log)}")


def take_down(place: Place) -> None:
    """Stop everything of this installation: the portal's processes together, then the servers."""
    records = [record for name in (AGENT, *reversed(PROCESSES)) if (record := find(place, name)) is not None]
    signal_all(records)
    for record in records:
        stop(place, record, how=None)
    valkey = find(place, VALKEY)
    if valkey is not None:
        stop(place, valkey)
    for name in (TIMESCALE, PLAIN):
        stop_server(place, name)
    stop_container(place)
    (place.root / "portal.json").unlink(missing_ok=True)
    say("everything is stopped; the data stays")


def _port(place: Place, name: str) -> int:
    """A running process keeps its port; otherwise the remembered one, if it is still free."""
    record = find(place, name)
    if record is not None and record.port is not None and record.port == remembered_port(place, name):
        return record.port
    return choose_port(place, name, _PORTS[name])


def _arguments(portal: Portal, name: str) -> tuple[str, ...]:
    celery = ("celery", "--app", "omega_portal.celery", "--quiet")
    schedule = Path(portal.place.root / "celerybeat-schedule")
    return {
        WEB: (*_uvicorn("omega_portal.asgi:application", portal.where.listen, portal.where.web_port), *BOUNDED_HEADERS),
        INGEST: _uvicorn("omega_portal.ingest_asgi:application", portal.where.listen, portal.where.ingest_port),
        WORKER: (*celery, "worker", "--concurrency", "2", "--loglevel", quiet_level(), "--without-gossip"),
        BEAT: (*celery, "beat", "--loglevel", quiet_level(), "--schedule", str(schedule), "--pidfile="),
    }[name]


def _uvicorn(application: str, listen: str, port: int) -> tuple[str, ...]:
    served = ("uvicorn", application, "--host", listen, "--port", str(port))
    bounds = ("--ws-max-size", "65536", "--timeout-graceful-shutdown", "3")
    # The portal itself decides which proxies to believe; see TRUSTED_PROXIES.
    return (*served, "--no-proxy-headers", "--no-access-log", "--no-server-header", *bounds)
