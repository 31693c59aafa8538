"""Through a real PgBouncer in transaction mode, where many clients share one connection, nobody sees another's rows."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.core.context import NOBODY, acting
from apps.nodes.models import Node
from omega_portal.stack.console import StackError
from omega_portal.stack.pgbouncer import find_pgbouncer
from omega_portal.stack.places import CHECKOUT, open_place
from tests import make, processes
from tests.processes import free_port, wait_for
from tests.roles import serving_as
from tests.rows.asking import rows
from tests.rows.two_tenants import House, house

ROLE = "omega_portal"


@pytest.fixture(scope="session")
def pgbouncer() -> Path:
    """The program; a machine without one leaves these tests out and says why."""
    try:
        return find_pgbouncer(open_place(CHECKOUT / ".local"))
    except StackError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def pooled(committed: None, pgbouncer: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of the web process's role behind a pooler that holds one server connection for everybody."""
    own = urlsplit(settings.DATABASE_ROLE_URLS[ROLE])
    there, port = connection.settings_dict, free_port()
    users, config = tmp_path / "users.txt", tmp_path / "pgbouncer.ini"
    users.write_text(f'"{ROLE}" "{unquote(own.password or "")}"\n')
    config.write_text(
        f"[databases]\n{there['NAME']} = host={there['HOST']} port={there['PORT']}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n"
        f"auth_file = {users}\npool_mode = transaction\ndefault_pool_size = 1\nmax_client_conn = 50\n"
    )
    with running(pgbouncer, config):
        wait_for(lambda: not processes.is_free(port))
        yield own._replace(netloc=f"{own.username}:{own.password}@127.0.0.1:{port}", path=f"/{there['NAME']}").geturl()


@contextmanager
def running(program: Path, config: Path) -> Iterator[None]:
    """Keep it running for a block; it refuses to be root, so it becomes nobody then."""
    log = config.with_suffix(".log").open("wb")
    account = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([str(program), *account, str(config)], stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def hosts() -> tuple[int, list[str]]:
    """Return which server connection answers, and the nodes it shows."""
    backend = rows("SELECT pg_backend_pid()")[0][0]
    return backend, sorted(Node.objects.values_list("hostname", flat=True))


def test_clients_of_one_connection_see_their_own_rows_by_turns(pooled: str) -> None:
    red, blue = house("red"), house("blue")
    seen: list[tuple[int, list[str]]] = []
    for of in (red, None, blue, None, red):
        with serving_as(ROLE, is_blind=True, url=pooled), acting(of.context("DEVOPS") if of else NOBODY):
            with transaction.atomic():
                seen.append(hosts())
            seen.append(hosts())

    assert len({backend for backend, _ in seen}) == 1
    assert [names for _, names in seen[::2]] == [["red-1"], [], ["blue-1"], [], ["red-1"]]
    assert [names for _, names in seen[1::2]] == [[]] * 5


def test_portal_behind_it_signs_people_in_and_shows_each_their_own(pooled: str, tmp_path: Path, redis_url: str) -> None:
    red, blue = house("red"), house("blue")
    portal = processes.Portal(tmp_path, redis_url, variables={"DATABASE_PORTAL_URL": pooled})
    try:
        portal.start("web")
        pages = {of.tenant.slug: page_of(portal.url, of) for of in (red, blue)}
    finally:
        portal.stop_all()

    assert "red-1" in pages["red"] and "blue-1" not in pages["red"]
    assert "blue-1" in pages["blue"] and "red-1" not in pages["blue"]


def page_of(url: str, of: House) -> str:
    """Sign in with a password as the tenant's operator and return the list of nodes."""
    person = of.people["DEVOPS"]
    person.set_password(make.PASSWORD)
    person.save()
    with httpx.Client(base_url=url, follow_redirects=True) as browser:
        browser.get("/sign-in/")
        form = {"email": person.email, "password": make.PASSWORD, "csrfmiddlewaretoken": browser.cookies["omega-csrf"]}
        answer = browser.post("/sign-in/", data=form, headers={"Referer": f"{url}/sign-in/"})
        assert answer.status_code == 200, answer.text
        return browser.get("/nodes/").text
