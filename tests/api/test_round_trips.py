"""How often a program's question goes to the database: each time costs more than most of the work around it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from psycopg.pq import Trace

from apps.accounts.services.tokens import create_token
from apps.core.context import acting, as_system
from apps.nodes.models import Node, NodeStatus
from tests import make

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LOOK_UP, BEGIN, COMMIT = "SELECT token.*", "BEGIN; SELECT set_config", "COMMIT"
BOUND, NODES, WAITING = "SELECT set_config('jit'", 'SELECT "nodes"', "SELECT node_id, bucket"
MESSAGE = re.compile(r'^F\t\d+\t\w+\t "(.*?)"$(?=\n[FB]\t)', re.MULTILINE | re.DOTALL)
LONGEST = 60


@contextmanager
def sent() -> Iterator[list[str]]:
    """Collect what the client library really sends in the block: the beginning of each message, without comments."""
    connection.ensure_connection()
    found: list[str] = []
    server = connection.connection.pgconn
    with NamedTemporaryFile() as log:
        server.trace(log.fileno())
        server.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield found
        finally:
            server.untrace()
        for text in MESSAGE.findall(Path(log.name).read_text(encoding="utf8")):
            lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("--")]
            found.append(" ".join(lines)[:LONGEST])


def are(messages: list[str], *beginnings: str) -> bool:
    """Tell whether messages begin like this, one by one."""
    return len(messages) == len(beginnings) and all(map(str.startswith, messages, beginnings))


@pytest.fixture
def nodes(committed: None) -> list[Node]:
    """Two nodes that have not sent anything."""
    return [make.node(hostname=name, status=NodeStatus.ACTIVE) for name in ("one", "two")]


@pytest.fixture
def program(committed: None) -> Client:
    """A program with Dora's token, whose use was noted a moment ago."""
    with acting(as_system()):
        dora, now = make.user(role="DEVOPS"), datetime.now(UTC)
        made = create_token(user=dora, name="program", can_write=False, days=1, allowed_ips=[], now=now)
    client = Client(headers={"authorization": f"Bearer {made.text}"})
    assert client.get("/api/v1/metrics/vitals/").status_code == 200
    return client


def test_a_program_is_known_and_its_rights_are_in_force_after_two_messages(program: Client) -> None:
    with sent() as messages:
        assert program.get("/api/v1/metrics/vitals/").status_code == 200

    assert are(messages, LOOK_UP, BEGIN, COMMIT), messages


def test_numbers_of_all_nodes_are_one_transaction_of_seven_messages(program: Client, nodes: list[Node]) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - HOUR
    asked = {"metric": "cpu_percent", "start": f"{end - HOUR:%FT%TZ}", "end": f"{end:%FT%TZ}", "top": 100}
    with sent() as messages:
        answer = program.get("/api/v1/metrics/top/", asked)

    assert answer.status_code == 200
    assert are(messages, LOOK_UP, BEGIN, BOUND, NODES, WAITING, "SELECT", COMMIT), messages


def test_a_chart_of_a_node_is_one_transaction_of_six_messages(program: Client, nodes: list[Node]) -> None:
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    asked = {"metric": "cpu_percent", "node": nodes[0].pk, "start": f"{end - DAY:%FT%TZ}", "end": f"{end:%FT%TZ}"}
    with sent() as messages:
        answer = program.get("/api/v1/metrics/query/", {**asked, "step": 600, "band": "true"})

    assert answer.status_code == 200
    assert are(messages, LOOK_UP, BEGIN, BOUND, NODES, "SELECT", COMMIT), messages


def test_a_question_that_fails_is_taken_back_without_a_savepoint(program: Client) -> None:
    with sent() as messages:
        answer = program.get("/api/v1/metrics/query/", {"metric": "cpu_percent", "node": str(uuid4())})

    assert (answer.status_code, answer.json()["code"]) == (404, "node_not_found")
    assert are(messages, LOOK_UP, BEGIN, BOUND, NODES, NODES, "ROLLBACK"), messages
