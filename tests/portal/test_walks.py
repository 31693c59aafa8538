"""What holds for every address: reading writes nothing, writing needs a token of ours, nothing shows insides."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from psycopg.sql import SQL, Identifier, Literal

from tests import make
from tests.database import acting_as
from tests.portal.addresses import every_address, rows_for_all
from tests.signed_in import sign_in

SignIn = Callable[[str], Client]
EVERY = every_address()
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# Tables that may change when somebody looks, and why.
SEEN = {
    "web_sessions": "when a session was last used",
    "django_session": "Django's half of the same session",
}
# Addresses that need no token of a form, and why.
WITHOUT_FORM = {
    "/csp-report/": "browsers send reports by themselves; nothing is stored",
    "/oidc/backchannel-logout/": "the identity provider calls, with a signed token of its own",
}
INSIDES = ("Traceback", 'File "', "psycopg", "SELECT ", "INSERT INTO", "UPDATE ", "django.db")


@pytest.fixture
def ada(client_as: SignIn) -> Client:
    """A browser of somebody who may do everything, with a row for every address."""
    rows_for_all()
    client = client_as("ADMIN")
    client.raise_request_exception = False
    return client


def tables() -> dict[str, str]:
    """Return a digest of each table's rows, seen as the owner of them all."""
    with acting_as("omega_owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        )
        names = sorted({row[0] for row in cursor.fetchall()} - SEEN.keys())
        digest = SQL("SELECT {}, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t")
        cursor.execute(SQL(" UNION ALL ").join(digest.format(Literal(n), Identifier("public", n)) for n in names))
        return dict(cursor.fetchall())


def test_looking_changes_nothing_and_leaves_no_trace(ada: Client) -> None:
    before, traces, statuses = tables(), {}, {}
    for address in EVERY:
        answer = ada.get(address.filled())
        if answer.streaming:
            list(answer.streaming_content)  # type: ignore[call-overload]
        statuses[str(address)] = answer.status_code
        after = tables()
        traces[str(address)] = {name for name, digest in after.items() if digest != before[name]}
        before = after

    assert {path: changed for path, changed in traces.items() if changed} == {}
    assert {path: status for path, status in statuses.items() if status >= 500} == {}
    assert list(statuses.values()).count(200) > len(statuses) // 3


@pytest.mark.parametrize("method", UNSAFE)
def test_no_session_writes_without_a_token_of_ours(db: None, method: str) -> None:
    rows_for_all()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    sign_in(client, make.user("ADMIN"))
    before = tables()
    statuses = {
        str(address): client.generic(method, address.filled(), b"{}", "application/json").status_code
        for address in EVERY
        if str(address) not in WITHOUT_FORM
    }

    # Agents and enrolling machines show a key: a session is nobody to them.
    by_key = {path: status for path, status in statuses.items() if path.startswith("/api/v1/agent/")}
    others = {path: status for path, status in statuses.items() if path not in by_key}
    assert set(by_key.values()) <= {400, 401, 405}
    assert {path: status for path, status in others.items() if status not in (403, 405)} == {}
    assert {name for name, digest in tables().items() if digest != before[name]} == set()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_pages_know_two_methods_only(ada: Client, method: str) -> None:
    pages = [address for address in EVERY if not address.route.startswith("api/")]
    answers = {str(address): ada.generic(method, address.filled()) for address in pages}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 405} == {}
    assert {answer["Allow"] for answer in answers.values()} == {"GET, HEAD, POST"}


def test_nobody_keeps_a_copy_of_what_somebody_signed_in_saw(ada: Client) -> None:
    kept = {
        str(address): answer.headers.get("Cache-Control", "")
        for address in EVERY
        if "no-store" not in (answer := ada.get(address.filled())).headers.get("Cache-Control", "")
    }

    assert kept == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_refusal_shows_the_insides_of_the_program(ada: Client, method: str) -> None:
    hostile = "?page=-1&sort='%22%3B--&since=%00&q=%ff%fe&cursor=%F0%9F%92%A9&limit=999999999999999999999"
    answers = {
        str(address): ada.generic(method, address.filled() + hostile, b"\xff{{{", "application/json")
        for address in EVERY
    }
    bad = {path: answer for path, answer in answers.items() if answer.status_code >= 400 and not answer.streaming}

    assert {path: answer.status_code for path, answer in bad.items() if answer.status_code >= 500} == {}
    assert {path: part for path, answer in bad.items() for part in INSIDES if part in answer.content.decode()} == {}
