"""Role × address × method × status, generated from the URLconf: rows of one's own tenant and of another.

A change of the table is a change somebody must mean: WRITE_GOLDEN=1 writes it anew, to be read in the diff.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from apps.accounts.models import User
from tests import make
from tests.access.filling import filled, has_owner
from tests.golden import assert_golden
from tests.portal.addresses import every_address
from tests.rows.two_tenants import House, house
from tests.signed_in import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROLES = ("ADMIN", "DEVOPS", "ANALYST", "USER", "READONLY")
GOLDEN = Path(__file__).parent / "every_address.txt"


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block does to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    transaction.set_rollback(False)


def cookies_of(person: User) -> SimpleCookie:
    """Sign somebody in and return their cookies."""
    client = Client()
    sign_in(client, person)
    return client.cookies


def status(method: str, path: str, cookies: SimpleCookie | None) -> int:
    """Return the status of one request, of which nothing stays."""
    client = Client(raise_request_exception=False)
    if cookies is not None:
        client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
        client.cookies.load({name: morsel.value for name, morsel in cookies.items()})
    body = {"data": "{}", "content_type": "application/json"} if path.startswith("/api/") else {}
    with undone():
        return client.generic(method, path, **body).status_code


def methods(route: str) -> tuple[str, ...]:
    """Return the methods that an address could know."""
    return ("GET", "POST", "PATCH") if route.startswith("api/") else ("GET", "POST")


def test_everybody_gets_what_is_written_down_at_every_address(django_db_setup: None) -> None:
    red, blue = house("red"), house("blue")
    ada = make.user("ADMIN", tenant=None, email="ada@all.example.test")
    signed_in = {role: cookies_of(red.people[role]) for role in ROLES} | {"ALL": cookies_of(ada)}
    lines = []
    for address in every_address():
        for method in methods(address.route):
            own = {who: status(method, path(address.route, red, who, ada), signed_in[who]) for who in signed_in}
            own["NOBODY"] = status(method, filled(address.route, red, red.people["USER"]), None)
            line = f"{method} {address}: {told(own)}"
            if has_owner(address.route):
                others = {role: status(method, path(address.route, blue, role, ada), signed_in[role]) for role in ROLES}
                line += f" | of others: {told(others)}"
            lines.append(line)

    assert_golden(GOLDEN, lines)


def told(found: dict[str, int]) -> str:
    """Return who gets which status, in few words."""
    if len(set(found.values())) == 1:
        return f"{next(iter(found.values()))} all"
    by_status = {code: [who for who in found if found[who] == code] for code in sorted(set(found.values()))}
    return ", ".join(f"{code} {' '.join(who)}" for code, who in by_status.items())


def path(route: str, of: House, role: str, ada: User) -> str:
    """Return the path somebody asks for."""
    return filled(route, of, ada if role == "ALL" else of.people[role])


def test_table_holds_no_broken_answer_and_shows_nothing_of_others_or_to_strangers() -> None:
    """What holds for every line, whatever the table says."""
    lines = [line.partition(": ") for line in GOLDEN.read_text().splitlines()]
    broken = [where for where, _, answers in lines if re.search(r"\b5\d\d ", answers)]
    of_others = [where for where, _, answers in lines if re.search(r" 2\d\d ", answers.partition("of others:")[2])]
    to_strangers = [where for where, _, answers in lines if re.search(r"2\d\d (all|[A-Z ]*NOBODY)", answers)]

    assert (broken, of_others) == ([], [])
    assert to_strangers == ["GET /sign-in/", "POST /sign-in/"]
