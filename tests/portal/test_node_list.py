"""The node list: its state lives in the address, it costs few statements, and bad input is named."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import make

HOSTNAME = re.compile(r'class="host wrap-anywhere"[^>]*>([^<]+)</a>')
EVIL = '<script>alert(1)</script>"onmouseover="alert(2)'
NOT_COUNTED = (
    "SAVEPOINT",
    "RELEASE",
    "BEGIN",
    "COMMIT",
    "set_config",
    "django_session",
    '"users"',
    "FROM users",
    "lookups.",
)


def listed(page: str) -> list[str]:
    """Return the host names shown, in order."""
    return HOSTNAME.findall(page)


def statements(client: Client, address: str) -> list[str]:
    """Return the SQL of one page besides transaction, context and sign-in."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return [q["sql"] for q in captured.captured_queries if not any(word in q["sql"] for word in NOT_COUNTED)]


@pytest.mark.parametrize("address", ["/nodes/", "/nodes/?status=active&sort=-cpu_percent&q=node", "/audit/"])
def test_list_page_asks_at_most_three_statements(client_as: Callable[[str], Client], address: str) -> None:
    client = client_as("ADMIN")
    for _ in range(12):
        make.latest(make.node(tags=["a"]))
    found = statements(client, address)
    assert 1 <= len(found) <= 3, found


def test_pages_follow_each_other_without_loss_or_repetition(client_as: Callable[[str], Client]) -> None:
    client = client_as("READONLY")
    names = sorted(make.node(hostname=f"walk-{number:03}").hostname for number in range(120))
    seen: list[str] = []
    address: str | None = "/nodes/?sort=hostname"
    while address:
        page = client.get(address).content.decode()
        seen += listed(page)
        following = re.search(r'rel="next"[^>]*href="([^"]+)"', page)
        address = f"/nodes/{following[1].replace('&amp;', '&')}" if following else None
    assert seen == names


def test_previous_page_leads_back_to_the_same_rows(client_as: Callable[[str], Client]) -> None:
    client = client_as("READONLY")
    for number in range(60):
        make.node(hostname=f"walk-{number:03}")
    first = client.get("/nodes/").content.decode()
    following = re.search(r'rel="next"[^>]*href="([^"]+)"', first)
    assert following
    second = client.get("/nodes/" + following[1].replace("&amp;", "&")).content.decode()
    previous = re.search(r'rel="prev" href="([^"]+)"', second)
    assert previous
    assert listed(client.get("/nodes/" + previous[1].replace("&amp;", "&")).content.decode()) == listed(first)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=offline", ["beta"]),
        ("type=gpu", ["gamma"]),
        ("tag=red", ["alpha"]),
        ("label=rack=7", ["gamma"]),
        ("label=rack", ["beta", "gamma"]),
        ("draining=yes", ["alpha"]),
        ("q=ALPH", ["alpha"]),
        ("sort=-hostname", ["gamma", "beta", "alpha"]),
        ("sort=-cpu_percent", ["beta", "gamma", "alpha"]),
    ],
)
def test_address_alone_decides_what_is_shown(
    client_as: Callable[[str], Client], query: str, expected: list[str]
) -> None:
    client = client_as("READONLY")
    make.latest(make.node(hostname="alpha", tags=["red"], is_draining=True), cpu_percent=5)
    make.latest(make.node(hostname="beta", status="offline", labels={"rack": "5"}), cpu_percent=90)
    make.latest(make.node(hostname="gamma", node_type="gpu", labels={"rack": "7"}), cpu_percent=50)
    make.node(hostname="gone", status="retired")
    assert listed(client.get(f"/nodes/?{query}").content.decode()) == expected


@pytest.mark.parametrize(
    "query",
    ["sort=evil", "status=evil", "after=nonsense", "after=%00", "type=1", "q=%00", "q=" + "x" * 300, "draining=maybe"],
)
def test_bad_address_is_named_on_the_page_and_the_list_is_shown(client_as: Callable[[str], Client], query: str) -> None:
    client = client_as("READONLY")
    node = make.node()
    answer = client.get(f"/nodes/?{query}")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'data-testid="complaint"' in page and listed(page) == [node.hostname]


def test_cursor_of_another_order_is_refused_politely(client_as: Callable[[str], Client]) -> None:
    client = client_as("READONLY")
    for _ in range(51):
        make.node()
    following = re.search(r"after=([A-Za-z0-9_-]+)", client.get("/nodes/?sort=hostname").content.decode())
    assert following
    answer = client.get(f"/nodes/?sort=-cpu_percent&after={following[1]}")
    assert answer.status_code == 400 and "no longer valid" in answer.content.decode()


def test_text_of_machines_cannot_become_markup(client_as: Callable[[str], Client]) -> None:
    client = client_as("ADMIN")
    node = make.node(hostname=EVIL, name=EVIL, description=EVIL, tags=[EVIL], labels={EVIL: EVIL}, drain_reason=EVIL)
    for address in ("/", "/nodes/", f"/nodes/{node.pk}/", f"/nodes/{node.pk}/retire/", f"/nodes/?q={EVIL}"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page and '"onmouseover=' not in page


def test_values_of_a_silent_node_are_marked_stale(client_as: Callable[[str], Client]) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    make.latest(make.node(silent_after=long_ago, last_heartbeat=long_ago), at=long_ago, cpu_percent=77)
    page = client_as("READONLY").get("/nodes/").content.decode()
    assert "is-stale" in page and "77 %" in page


def test_fragment_is_the_list_without_the_page_around_it(client_as: Callable[[str], Client]) -> None:
    make.node()
    page = client_as("READONLY").get("/nodes/", headers={"HX-Request": "true"}).content.decode()
    assert page.strip().startswith('<section id="nodes-region"') and "<html" not in page


def test_empty_fleet_says_what_to_do_next(client_as: Callable[[str], Client]) -> None:
    assert 'data-testid="first-run"' in client_as("DEVOPS").get("/").content.decode()
    assert 'data-testid="no-match"' in client_as("DEVOPS").get("/nodes/?q=nothing").content.decode()
