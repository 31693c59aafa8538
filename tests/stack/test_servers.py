"""Real servers: they keep their data, heal after kill -9, and are left alone while they run."""

import os
import signal
import socket
from collections.abc import Callable

import psycopg
import pytest

from omega_portal.stack.cluster import Cluster
from omega_portal.stack.embedded import embedded_programs
from omega_portal.stack.packages import is_ready
from omega_portal.stack.places import Place, owned_directory
from omega_portal.stack.postgres import ensure_running, stop_server
from omega_portal.stack.processes import find, is_alive, stop, wait_until
from omega_portal.stack.servers import PLAIN, TIMESCALE
from omega_portal.stack.timescale import timescale_programs
from omega_portal.stack.valkey import ensure_valkey, valkey_answers


def plain(place: Place) -> Cluster:
    """Plain PostgreSQL from its wheel."""
    return Cluster(place, PLAIN, embedded_programs(place), has_timescale=False, is_disposable=True)


def timescale(place: Place) -> Cluster:
    """TimescaleDB, when an earlier run has downloaded it."""
    if not is_ready(place.programs / "timescaledb-pg17"):
        pytest.skip("TimescaleDB is not downloaded yet")
    return Cluster(place, TIMESCALE, timescale_programs(place), has_timescale=True, is_disposable=True)


@pytest.mark.parametrize("make", [plain, timescale])
def test_database_survives_kill_9_on_the_same_port(server_place: Place, make: Callable[[Place], Cluster]) -> None:
    cluster = make(server_place)
    first = ensure_running(cluster)
    assert ensure_running(cluster) == first
    with psycopg.connect(cluster.url(first.port or 0), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(first.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(first), 10)

    second = ensure_running(cluster)
    assert (second.port, second.pid != first.pid) == (first.port, True)
    with psycopg.connect(cluster.url(second.port or 0)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    stop_server(server_place, cluster.name)
    assert not is_alive(second)


def test_owner_may_create_databases_but_is_no_superuser(server_place: Place) -> None:
    cluster = plain(server_place)
    port = ensure_running(cluster).port or 0

    with psycopg.connect(cluster.url(port)) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, True, True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://omega_owner:wrong@127.0.0.1:{port}/omega")


def test_half_made_database_and_stale_pid_file_are_healed(server_place: Place) -> None:
    cluster = plain(server_place)
    (owned_directory(server_place, f".{PLAIN}.partial") / "PG_VERSION").write_text("18\n")
    record = ensure_running(cluster)
    stop_server(server_place, PLAIN)
    # After a reboot the pid may belong to anybody, for instance to us.
    (cluster.directory / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.directory}\n1\n{record.port}\n")

    assert is_alive(ensure_running(cluster))


def test_server_whose_record_was_lost_is_found_again(server_place: Place) -> None:
    cluster = plain(server_place)
    first = ensure_running(cluster)
    (server_place.run / f"{PLAIN}.json").unlink()

    assert ensure_running(cluster).pid == first.pid


def test_database_moves_to_another_port_when_its_own_is_taken(server_place: Place) -> None:
    cluster = plain(server_place)
    first = ensure_running(cluster).port or 0
    stop_server(server_place, PLAIN)
    with socket.create_server(("127.0.0.1", first)):
        second = ensure_running(cluster).port

    assert second != first


def test_valkey_asks_for_its_password_and_keeps_its_data(server_place: Place) -> None:
    record = ensure_valkey(server_place)
    port = record.port or 0
    assert valkey_answers(server_place, port)
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(64).startswith(b"-NOAUTH")

    stop(server_place, record)
    assert find(server_place, "valkey") is None
    assert ensure_valkey(server_place).port == port
