"""Pages of metrics: the fleet as a map, ranked over a window, node beside node, and one metric of one node."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.metrics.selectors.heat import heat_page, heat_summary
from apps.nodes.selectors import NodeFilters
from tests import make
from tests.portal.measured import measured, named
from tests.portal.pages import text
from tests.portal.test_node_list import statements

SignIn = Callable[[str], Client]
CELL = re.compile(r'class="heat-cell ([\w-]+)"[^>]*href="([^"]+)"[^>]*aria-label="([^"]+)">([^<]*)</a>')
EVIL = '"><script>alert(1)</script>'


def test_map_shows_colour_value_and_way_to_each_node(client_as: SignIn) -> None:
    busy, idle = measured("busy", 97.0), measured("idle", 3.0)
    silent = make.node(hostname="silent", silent_after=datetime.now(UTC) - timedelta(minutes=1))
    make.latest(silent, cpu_percent=99.0)
    page = text(client_as("READONLY").get("/metrics/"))
    assert CELL.findall(page) == [
        ("heat-9", f"/nodes/{busy.pk}/", "busy: CPU 97.0 %", "97"),
        ("heat-0", f"/nodes/{idle.pk}/", "idle: CPU 3.0 %", "3"),
        ("heat-none", f"/nodes/{silent.pk}/", "silent: active, no fresh value", "?"),
    ]


def test_map_by_value_begins_with_the_busiest_and_filters_as_the_list_does(client_as: SignIn) -> None:
    for name, load in (("a", 10.0), ("b", 90.0), ("c", 50.0)):
        measured(name, load, tags=["web"] if name != "c" else [])
    client = client_as("READONLY")
    shown = [label.partition(":")[0] for _, _, label, _ in CELL.findall(text(client.get("/metrics/?order=value")))]
    tagged = [label.partition(":")[0] for _, _, label, _ in CELL.findall(text(client.get("/metrics/?tag=web")))]
    assert (shown, tagged) == (["b", "c", "a"], ["a", "b"])


def test_vital_without_a_ceiling_is_scaled_to_its_greatest_value(client_as: SignIn) -> None:
    for name, load in (("a", 0.5), ("b", 16.0)):
        make.latest(make.node(hostname=name), load_1m=load)
    cells = CELL.findall(text(client_as("READONLY").get("/metrics/?vital=load_1m")))
    assert [(css, label) for css, _, label, _ in cells] == [
        ("heat-0", "a: Load, 1 min 0.5"),
        ("heat-8", "b: Load, 1 min 16.0"),
    ]


def test_values_can_be_read_as_a_table(client_as: SignIn) -> None:
    node = measured("alpha", 41.0)
    page = text(client_as("READONLY").get("/metrics/?view=table"))
    assert CELL.findall(page) == []
    assert f'href="/nodes/{node.pk}/"' in page and "41 %" in page


@pytest.mark.parametrize("by_value", [False, True])
def test_large_fleet_is_shown_page_by_page_without_loss_or_repetition(db: None, now: datetime, by_value: bool) -> None:
    for n, name in enumerate("abcde"):
        make.latest(make.node(hostname=name), now, swap_percent=10.0 * (n // 2))
    seen: list[str] = []
    after: str | None = None
    while after or not seen:
        page = heat_page(NodeFilters(), "swap_percent", after, by_value=by_value, now=now, limit=2)
        seen += [cell.hostname for cell in page.rows]
        after = page.next_cursor
    assert sorted(seen) == list("abcde")
    assert seen == list("abcde") or (by_value and seen[0] == "e")


def test_summary_holds_for_all_nodes_that_match_and_are_heard_of(db: None, now: datetime) -> None:
    for load in (5.0, 15.0, 100.0):
        make.latest(make.node(), now, cpu_percent=load)
    make.latest(make.node(silent_after=now - timedelta(seconds=1)), now, cpu_percent=50.0)
    make.node(status="pending")
    found = heat_summary(NodeFilters(), "cpu_percent", now=now)
    assert (found.nodes, found.reporting, found.as_of, found.average, found.greatest) == (4, 3, now, 40.0, 100.0)
    assert found.tenths == (1, 1, 0, 0, 0, 0, 0, 0, 0, 1)


def test_busiest_nodes_stand_in_the_map_of_time_with_a_way_into_each_step(client_as: SignIn) -> None:
    for name, load in (("low", 5.0), ("high", 80.0)):
        measured(name, *[load] * 30)
    page = text(client_as("READONLY").get("/metrics/time/?range=1h"))
    assert re.findall(r'<a class="host"[^>]*>(\w+)</a>', page) == ["high", "low"]
    cells = CELL.findall(page)
    assert {css for css, _, label, _ in cells if label.startswith("high") and "no value" not in label} == {"heat-8"}
    assert "heat-none" in {css for css, _, _, _ in cells}, "what was not measured stays a gap"
    assert all("?start=" in href and href.endswith("#charts") for _, href, _, _ in cells)
    assert "</i>gap</li>" in page and "no fresh value" not in page
    assert '<span class="tier">from samples, a point is 2 min</span>' in page


def test_samples_behind_a_ranking_can_be_taken_away(client_as: SignIn) -> None:
    measured("a", 10.0, 20.0, tags=["web"])
    measured("b", 70.0)
    client = client_as("ANALYST")
    page = text(client.get("/metrics/top/?range=1h&tag=web"))
    link = re.search(r'href="([^"]+)" data-testid="csv"', page)
    assert link
    answer = client.get(html.unescape(link[1]))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3 and "cpu_percent" in lines[0]


@pytest.mark.parametrize("how", ["avg", "max", "p95"])
def test_top_consumers_are_ranked_with_values_and_links(client_as: SignIn, how: str) -> None:
    nodes = [measured(name, *[load] * 10) for name, load in (("a", 10.0), ("b", 70.0), ("c", 40.0))]
    page = text(client_as("READONLY").get(f"/metrics/top/?range=1h&how={how}&top=10"))
    assert re.findall(r'<a class="host"[^>]*>(\w)</a>', page) == ["b", "c", "a"]
    assert re.findall(r'<span class="value">([^<]+)</span>', page) == ["70.0 %", "40.0 %", "10.0 %"]
    assert f'data-href="/nodes/{nodes[1].pk}/?range=1h#charts"' in page
    assert f'class="host" href="/nodes/{nodes[1].pk}/?range=1h#charts"' in page


def test_named_counters_are_ranked_by_their_rate(client_as: SignIn) -> None:
    named(make.node(hostname="slow"), "requests_total", [60.0 * n for n in range(20)], kind="counter", path="/")
    fast = named(make.node(hostname="fast"), "requests_total", [600.0 * n for n in range(20)], kind="counter", path="/")
    page = text(client_as("READONLY").get("/metrics/top/?metric=requests_total&how=rate&range=1h"))
    assert re.findall(r'<a class="host"[^>]*>(\w+)</a>', page) == ["fast", "slow"]
    assert "path=/" in page and "/s</span>" in page
    history = f"/nodes/{fast.node_id}/metrics/?series={fast.pk}&amp;how=rate&amp;range=1h#charts"
    assert f'data-href="{history}"' in page and f'href="{history}">fast</a>' in page


def test_nodes_stand_side_by_side_with_their_differences(client_as: SignIn) -> None:
    first, second = measured("one", *[20.0] * 20), measured("two", *[50.0] * 20)
    page = text(client_as("READONLY").get(f"/metrics/compare/?nodes={first.pk},{second.pk}&range=1h"))
    numbers = page[page.index('data-testid="numbers"') :]
    assert re.findall(r'<td class="num[^>]+><span>([\d.]+) %', numbers)[:6] == ["20.0"] * 3 + ["50.0"] * 3
    assert numbers.count("+30.0") == 3
    assert f'data-src="/metrics/compare/series/?nodes={first.pk},{second.pk}"' in page


def test_lines_of_compared_nodes_share_their_times(client_as: SignIn) -> None:
    nodes = [measured("one", *[20.0] * 20), measured("two", *[50.0] * 20)]
    query = {"nodes": ",".join(str(node.pk) for node in nodes), "metric": "cpu_percent", "range": "1h"}
    data = client_as("READONLY").get("/metrics/compare/series/", query).json()
    assert [line["label"] for line in data["series"]] == ["one", "two"]
    assert {len(line["avg"]) for line in data["series"]} == {len(data["at"])}
    assert [max(v for v in line["avg"] if v is not None) for line in data["series"]] == [20.0, 50.0]


def test_search_adds_a_node_to_those_compared(client_as: SignIn) -> None:
    first, second = make.node(hostname="alpha"), make.node(hostname="beta")
    make.node(hostname="gamma")
    page = text(client_as("READONLY").get(f"/metrics/compare/?nodes={first.pk}&q=bet"))
    assert re.findall(r'\?(nodes=[^&"]+)[^"]*" data-testid="hit"', page) == [f"nodes={first.pk},{second.pk}"]


def test_nodes_of_others_are_left_out_of_a_comparison(client_as: SignIn) -> None:
    mine, theirs = measured("mine", 20.0), measured("theirs", 50.0, tenant=make.tenant())
    answer = client_as("READONLY").get(f"/metrics/compare/?nodes={mine.pk},{theirs.pk}")
    assert answer.status_code == 200
    assert "theirs" not in text(answer)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/metrics/?vital=password", "Vital: Select a valid choice"),
        ("/metrics/?after=xyz", "This page address is no longer valid"),
        ("/metrics/time/?metric=password", "Select a valid choice"),
        ("/metrics/time/?top=7", "Select a valid choice"),
        ("/metrics/top/?how=sum", "Select a valid choice"),
        ("/metrics/compare/?nodes=1,2", "A node is named by its id."),
        ("/metrics/compare/?metric=x", "Vital: Select a valid choice"),
    ],
)
def test_wrong_choice_is_named(client_as: SignIn, address: str, said: str) -> None:
    answer = client_as("READONLY").get(address)
    assert answer.status_code == 400
    assert said in text(answer)


def test_what_people_type_is_never_code(client_as: SignIn) -> None:
    client, node = client_as("READONLY"), make.node(hostname="alpha")
    named(node, "m", [1.0], label=EVIL)
    for address in ("/metrics/?tag=", "/metrics/top/?metric=", "/metrics/compare/?q=", f"/nodes/{node.pk}/metrics/?q="):
        assert "<script>alert" not in text(client.get(address + EVIL.replace('"', "%22")))
    assert "<script>alert" not in text(client.get(f"/nodes/{node.pk}/metrics/"))


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/metrics/", 2),
        ("/metrics/?vital=ram_percent&order=value&tag=a", 2),
        # Which nodes, how often they measure, who comes first, and their steps.
        ("/metrics/time/?range=1h", 4),
        ("/metrics/top/?range=1h", 3),
    ],
)
def test_page_of_many_nodes_asks_few_statements(client_as: SignIn, address: str, most: int) -> None:
    client = client_as("ADMIN")
    for n in range(8):
        measured(f"n{n}", 10.0, 20.0, tags=["a"])
    found = statements(client, address)
    assert 1 <= len(found) <= most, found


def test_names_of_metrics_are_offered(client_as: SignIn) -> None:
    named(make.node(), "queue_length", [1.0])
    assert 'value="queue_length"' in text(client_as("READONLY").get("/metrics/names/"))


def test_names_beyond_the_first_are_offered_once_their_beginning_is_typed(
    client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.portal.views.metrics_ranked.MOST_NAMES", 2)
    node = make.node()
    for name in ("app_a", "app_b", "zoo_keepers"):
        named(node, name, [1.0])
    client = client_as("READONLY")
    assert "zoo_keepers" not in text(client.get("/metrics/names/"))
    typed = text(client.get("/metrics/names/?metric=zoo"))
    assert 'value="zoo_keepers"' in typed and 'value="app_a"' in typed


def test_first_four_of_five_nodes_are_compared_and_the_page_says_so(client_as: SignIn) -> None:
    nodes = [measured(f"n{n}", 20.0) for n in range(5)]
    answer = client_as("READONLY").get("/metrics/compare/?" + "&".join(f"nodes={node.pk}" for node in nodes))
    page = text(answer)
    assert answer.status_code == 200
    assert re.findall(r'<a class="host[^>]*>(n\d)</a>', page) == ["n0", "n1", "n2", "n3"]
    assert 'data-testid="too-many"' in page


@pytest.mark.parametrize("address", ["/metrics/", "/nodes/"])
def test_way_out_of_a_filter_comes_with_what_it_filtered(client_as: SignIn, address: str) -> None:
    client = client_as("READONLY")
    measured("alpha", 20.0, tags=["web"])
    for query, shown in (("", 0), ("?tag=web", 1)):
        fragment = text(client.get(address + query, headers={"HX-Request": "true"}))
        assert (fragment.count('data-testid="clear"'), "<form class=" in fragment) == (shown, False)


@pytest.mark.parametrize(
    ("address", "said"),
    [("/metrics/", "first-run"), ("/metrics/?tag=none", "no-match"), ("/metrics/time/", "nothing"),
     ("/metrics/top/", "nothing"), ("/metrics/compare/", "too-few")],
)  # fmt: skip
def test_empty_page_says_what_to_do_next(client_as: SignIn, address: str, said: str) -> None:
    assert f'data-testid="{said}"' in text(client_as("DEVOPS").get(address))
