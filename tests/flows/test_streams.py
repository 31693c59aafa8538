"""Who takes a file slowly holds no connection of the database that the request itself needed."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.accounts.services import default_tenant
from apps.accounts.services.tokens import create_token
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.context import acting, as_system
from apps.metrics.vitals import VITALS
from tests import make
from tests.database import acting_as
from tests.processes import Portal
from tests.signed_in import sign_in

pytestmark = pytest.mark.flow
SAMPLES = 40_000
ENTRIES = 2_500
LONG = "x" * 5_000
SMALL_BUFFER = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)]
EXPORT = "/api/v1/metrics/export.csv"


@dataclass
class Web:
    """A web process, and a person's program and browser that know its address."""

    program: httpx.Client
    browser: httpx.Client

    def answers(self) -> bool:
        """Tell whether a request that needs the database is answered."""
        return self.program.get("/api/v1/metrics/vitals/").status_code == 200


@pytest.fixture
def web(committed: None, tmp_path: Path, redis_url: str) -> Iterator[Callable[[int], Web]]:
    """Start a web process with so many connections, known to Ada."""
    portal, ada, django_client = Portal(tmp_path, redis_url), make.user(), Client()
    sign_in(django_client, ada)
    with acting(as_system()):
        token = create_token(
            user=ada, name="program", can_write=False, days=1, allowed_ips=[], now=datetime.now(UTC)
        ).text
    cookies = {settings.SESSION_COOKIE_NAME: django_client.cookies[settings.SESSION_COOKIE_NAME].value}
    slow = httpx.HTTPTransport(socket_options=SMALL_BUFFER)

    def start(connections: int) -> Web:
        portal.variables["DATABASE_POOL_SIZE"] = str(connections)
        portal.start("web")
        return Web(
            httpx.Client(base_url=portal.url, headers={"authorization": f"Bearer {token}"}, timeout=30),
            httpx.Client(base_url=portal.url, cookies=cookies, timeout=30, transport=slow),
        )

    yield start
    portal.stop_all()


def samples() -> dict[str, object]:
    """Store samples of a node, one a second; returns which to ask for."""
    node, end = make.node(hostname="n" * 255), datetime.now(UTC).replace(microsecond=0)
    statement = (
        "INSERT INTO usage_metrics (node_id, timestamp, cpu_percent)"
        " SELECT %s, %s - make_interval(secs => n), n %% 100 FROM generate_series(1, %s) AS n"
    )
    with acting_as("omega_worker"), connection.cursor() as cursor:
        cursor.execute(statement, [node.pk, end, SAMPLES])
    return {"metric": list(VITALS), "start": f"{end - timedelta(days=1):%FT%TZ}", "end": f"{end:%FT%TZ}"}


@contextmanager
def audit_log(browser: httpx.Client) -> Iterator[httpx.Response]:
    """Ask for the audit log as a file."""
    browser.get("/audit/")
    asked = {"csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME], "category": "POOL"}
    with browser.stream("POST", "/audit/export/", data=asked) as file:
        assert file.headers["content-type"].startswith("text/csv"), file.status_code
        yield file


def begun(file: httpx.Response) -> Iterator[str]:
    """Take the head line of a file and the first one below it; returns the others, not taken yet."""
    following = file.iter_lines()
    assert next(following) and next(following)
    return following


def test_samples_are_taken_whole_over_the_only_connection(web: Callable[[int], Web]) -> None:
    asked, process = samples(), web(1)

    with process.program.stream("GET", EXPORT, params=asked) as file:
        assert len(list(begun(file))) == SAMPLES - 1
    assert process.answers()


def test_who_takes_samples_slowly_holds_one_connection_of_two(web: Callable[[int], Web]) -> None:
    asked, process = samples(), web(2)

    with process.browser.stream("GET", EXPORT, params=asked) as file:
        others = begun(file)
        assert process.answers()
        assert len(list(others)) == SAMPLES - 1


def test_who_takes_the_audit_log_slowly_holds_not_even_the_only_connection(web: Callable[[int], Web]) -> None:
    entry = {"action": "POOL_CHANGED", "category": Category.POOL, "tenant_id": default_tenant().pk}
    for _ in range(ENTRIES):
        record(**entry, description=LONG)
    process = web(1)

    with audit_log(process.browser) as file:
        others = begun(file)
        assert process.answers()
        assert len(list(others)) == ENTRIES - 1
    assert process.answers()
