"""The database server under load and in trouble: killed, frozen, slow, and changed by migrations while agents send."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from apps.nodes.models import IngestPulse
from tests import database
from tests.drills.own_server import OwnServer
from tests.drills.senders import (
    MEGABYTE,
    answers,
    are_refused,
    assert_patient,
    assert_stored_once,
    beating,
    end,
    fleet,
    go_on,
    memory,
    sending,
)
from tests.ingest.conftest import new_agent
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.slow]
COLLECTOR = "data_collector"
LARGE = 4000
SLOW = """
CREATE FUNCTION drill_slowly() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM pg_sleep(3); RETURN NULL; END$$;
CREATE TRIGGER drill_slowly AFTER INSERT ON ingest_batches FOR EACH STATEMENT EXECUTE FUNCTION drill_slowly();
"""


@contextmanager
def unharmed(door: Portal) -> Iterator[None]:
    """Check of the block that the same process went through it, without an error nobody foresaw or much memory."""
    running = door.running["ingest"]
    before = memory(running.process.pid)
    yield
    assert running.process.poll() is None, "nobody had to start it again"
    assert memory(running.process.pid, "VmHWM") - before < 120 * MEGABYTE
    assert "Traceback" not in running.log.read_text()


def test_killed_database_server_loses_nothing_acknowledged(server: OwnServer, door: Portal) -> None:
    senders = fleet([door.ingest_url], 16)
    with unharmed(door), beating(new_agent(door.ingest_url)) as beats:
        with sending(senders):
            for _ in range(2):
                go_on(senders)
                server.kill()
                are_refused(senders, len(senders))
                server.start()
            go_on(senders)
            end(senders)
        beats.goes_on()

    assert_stored_once(senders)
    assert_patient(beats)
    assert beats.statuses[503] > 0


def test_killed_connections_of_the_door_are_replaced(server: OwnServer, door: Portal) -> None:
    senders = fleet([door.ingest_url], 16)
    with unharmed(door), sending(senders):
        for _ in range(2):
            go_on(senders)
            server.kill_backend_of(COLLECTOR)
        go_on(senders)
        end(senders)

    assert_stored_once(senders)


def test_database_that_does_not_move_is_waited_for_and_forgiven(server: OwnServer, door: Portal) -> None:
    senders = fleet([door.ingest_url], 24, size=LARGE)
    with unharmed(door), beating(*(new_agent(door.ingest_url) for _ in range(3))) as beats:
        with sending(senders):
            go_on(senders, 10)
            with server.frozen():
                are_refused(senders)
                wait_for(lambda: beats.statuses[503] >= 2, 60)
            go_on(senders, 10)
            end(senders)
        beats.goes_on()

    assert_stored_once(senders)
    assert_patient(beats)


@contextmanager
def slow_commits() -> Iterator[None]:
    """Let every group of batches take three seconds during the block."""
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute(SLOW)
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION drill_slowly CASCADE")


def test_slow_commits_make_senders_wait_but_no_heartbeat(server: OwnServer, door: Portal) -> None:
    senders = fleet([door.ingest_url], 32, size=LARGE)
    machines = [new_agent(door.ingest_url) for _ in range(4)]
    with unharmed(door), beating(*machines) as beats, sending(senders):
        with slow_commits():
            are_refused(senders)
            pulse = IngestPulse.objects.get().pulse_at
            wait_for(lambda: IngestPulse.objects.get().pulse_at > pulse, 60)
            before = answers(senders, 200)
            beats.goes_on(60)
            assert answers(senders, 200) < before + 60, "heartbeats do not wait for batches"
        go_on(senders, len(senders))
        end(senders)

    assert_stored_once(senders)
    assert set(beats.statuses) == {200}


def test_schema_goes_back_and_forward_while_agents_send(server: OwnServer, door: Portal) -> None:
    senders = fleet([door.ingest_url], 4)
    with sending(senders):
        go_on(senders)
        migrate(door, "metrics", "0003_rows")
        are_refused(senders)
        migrate(door)
        go_on(senders)
        end(senders)

    assert door.running["ingest"].process.poll() is None
    assert_stored_once(senders)


def migrate(door: Portal, *target: str) -> None:
    """Run the owner's command until it is through: one that loses a deadlock to agents is undone and run again."""
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0", *target]
    for attempt in range(10):
        running = door.launch(f"migrate-{len(target)}-{attempt}", command, DATABASE_ADMIN_URL="")
        if running.process.wait(120) == 0:
            return
        assert "deadlock detected" in running.log.read_text(), running.log.read_text()
    raise AssertionError("the schema could not be changed while agents send")
