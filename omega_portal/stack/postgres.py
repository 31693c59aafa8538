"""A PostgreSQL server of ours: started, healed and stopped by pid, its owner role and database ensured."""

import signal
from pathlib import Path

import psycopg
from psycopg import sql

from omega_portal.stack.cluster import DATABASE, OWNER, SUPERUSER, Cluster, configure, create, server_url
from omega_portal.stack.console import StackError
from omega_portal.stack.credentials import secret
from omega_portal.stack.places import Place
from omega_portal.stack.ports import choose_port
from omega_portal.stack.processes import (
    Launch,
    Record,
    find,
    is_alive,
    remember,
    start,
    stop,
    tail,
    wait_until,
)


def ensure_running(cluster: Cluster) -> Record:
    """Return the running server, made and started as needed, with the owner role and its database there."""
    record = find(cluster.place, cluster.name) or _adopt(cluster)
    if record is None:
        create(cluster)
        record = _start(cluster)
    _ensure_owner(cluster, record.port or 0)
    return record


def stop_server(place: Place, name: str) -> None:
    """Shut a server down without waiting for its clients; committed data is safe."""
    record = find(place, name)
    if record is not None:
        stop(place, record, signal.SIGINT, patience_seconds=30)


def _start(cluster: Cluster) -> Record:
    port = choose_port(cluster.place, cluster.name, cluster.preferred_port)
    configure(cluster, port)
    command = (str(cluster.programs / "postgres"), "-D", str(cluster.directory))
    launch = Launch(cluster.name, command, port=port, account=cluster.place.account, directory=cluster.directory)
    # After a kill -9 the orphans of the old server hold its shared memory for a moment: then try again.
    for _ in range(5):
        record = start(cluster.place, launch)
        if _comes_up(cluster, record):
            return record
        wait_until(lambda: False, 1)
    log = cluster.place.log / f"{cluster.name}.log"
    raise StackError(f"PostgreSQL does not start; the end of {log}:\n{tail(log)}")


def _adopt(cluster: Cluster) -> Record | None:
    """Find a server of this directory whose record was lost; clear a pid file that names somebody else."""
    pid_file = cluster.directory / "postmaster.pid"
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None
    try:
        is_ours = Path(f"/proc/{pid}/cwd").readlink() == cluster.directory.resolve()
    except OSError:
        is_ours = False
    if is_ours:
        return remember(cluster.place, Launch(cluster.name, (), port=port), pid)
    if Path("/proc/self").exists():
        pid_file.unlink()
    return None


def _comes_up(cluster: Cluster, record: Record) -> bool:
    name, port = cluster.name, record.port or 0
    wait_until(lambda: server_answers(cluster.place, name, port) or not is_alive(record), 60)
    return is_alive(record)


def server_answers(place: Place, name: str, port: int) -> bool:
    """Whether the server lets us in."""
    try:
        psycopg.connect(server_url(place, name, port, SUPERUSER, "postgres"), connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _ensure_owner(cluster: Cluster, port: int) -> None:
    owner, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
    password = sql.Literal(secret(cluster.place, f"{cluster.name}-{OWNER}"))
    with psycopg.connect(cluster.url(port, SUPERUSER, "postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(verb, owner, password))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            _prepare_template(cluster, port)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))


def _prepare_template(cluster: Cluster, port: int) -> None:
    """Give every database to come what only a superuser may create."""
    with psycopg.connect(cluster.url(port, SUPERUSER, "template1"), autocommit=True) as template:
        template.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
