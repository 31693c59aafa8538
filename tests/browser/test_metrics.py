"""Hands on the pages of metrics: zoom, a span of one's own, gaps, side by side, and the way from a cell to its node."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from apps.nodes.models import Node
from tests import make
from tests.browser.conftest import Picture, area_of, sign_in
from tests.portal.measured import named
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.browser]
HOLE = range(20, 35)
CHOOSE_CPU_WHILE_SETTLING = """vital => document.addEventListener("htmx:afterSwap", () => {
    vital.value = "cpu_percent";
    vital.dispatchEvent(new Event("change", {bubbles: true}));
}, {once: true})"""

NOTE_CHOSEN_WHEN_SWAPPED = """() => document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id !== "nodes-region") return;
    window.chosen = document.querySelectorAll("#nodes-region input:checked").length;
})"""


@pytest.fixture
def portal(web_alone: Portal) -> Portal:
    """What the browser is pointed at."""
    return web_alone


def measured(hostname: str, load: float) -> Node:
    """Return a node that reported once a minute for an hour, except for a quarter of it."""
    node, now = make.node(hostname=hostname, heartbeat_interval_seconds=60), datetime.now(UTC)
    make.latest(node, now, cpu_percent=load)
    for minutes in set(range(60)) - set(HOLE):
        make.usage(node, now - timedelta(minutes=minutes), cpu_percent=load, ram_percent=60)
    return node


def drawn(page: Page, key: str) -> Locator:
    """Return a chart, drawn."""
    chart = page.get_by_test_id(f"chart-{key}")
    expect(chart).to_have_attribute("data-state", "drawn")
    return chart


def drag(page: Page, chart: Locator) -> None:
    """Drag over the middle of a chart."""
    over = chart.locator(".u-over")
    # A chart that is drawn anew has nothing to take hold of for a moment.
    over.hover()
    area = area_of(over)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.8, area["y"] + area["height"] / 2, steps=4)
    # A chart follows the hand frame by frame.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.mouse.up()


def test_what_was_zoomed_into_is_shared_by_its_address(page: Page) -> None:
    node = measured("alpha", 40)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/?range=1h")
    chart = drawn(page, "cpu_percent")
    with page.expect_response(re.compile(r"/series/.*start=")):
        drag(page, chart)
    expect(page).to_have_url(re.compile(r"range=1h&start=[\d.]+&end=[\d.]+$"))
    shared = page.url
    with page.expect_response(re.compile(r"/series/.*start=")) as asked:
        page.goto(shared)
    wanted, found = parse_qs(urlsplit(shared).query), parse_qs(urlsplit(asked.value.url).query)
    assert (found["start"], found["end"]) == (wanted["start"], wanted["end"])
    drawn(page, "cpu_percent")
    page.locator("[data-zoom-reset]").click()
    expect(page).to_have_url(re.compile(r"range=1h"))


def test_gap_is_in_the_data_and_the_tier_is_told(page: Page) -> None:
    node = measured("alpha", 40)
    sign_in(page)
    with page.expect_response(re.compile(r"/series/\?metric=cpu_percent")) as asked:
        page.goto(f"/nodes/{node.pk}/?range=1h")
    data = asked.value.json()
    values = data["series"][0]["avg"]
    known = [index for index, value in enumerate(values) if value is not None]
    assert None in values[known[0] : known[-1]]
    drawn(page, "cpu_percent")
    expect(page.locator("[data-charts-tier]")).to_have_text(re.compile("from samples, a point is"))


def test_own_span_is_typed_and_a_wrong_one_is_said_beside_the_field(page: Page) -> None:
    node = measured("alpha", 40)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/")
    page.get_by_test_id("own-span").click()
    since = datetime.now(UTC) - timedelta(minutes=30)
    page.get_by_label("From", exact=True).fill(f"{since:%Y-%m-%dT%H:%M}")
    with page.expect_response(re.compile(r"/series/.*start=")):
        page.get_by_test_id("show-span").click()
    drawn(page, "cpu_percent")
    expect(page).to_have_url(re.compile(r"\?range=\w+&start=[\d.]+&end=[\d.]+#charts$"))
    page.get_by_test_id("own-span").click()
    page.get_by_label("To", exact=True).fill(f"{since - timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("show-span").click()
    expect(page.get_by_text("This must be later than “From”.")).to_be_visible()


def test_two_nodes_chosen_in_the_list_stand_side_by_side(page: Page, picture: Picture) -> None:
    for name, load in (("alpha", 20), ("beta", 70), ("gamma", 90)):
        measured(name, load)
    sign_in(page)
    page.goto("/nodes/")
    for name in ("alpha", "beta"):
        page.get_by_label(f"Choose {name} to compare").check()
    page.get_by_test_id("compare-chosen").click()
    chart, other = drawn(page, "cpu_percent"), drawn(page, "ram_percent")
    expect(page.get_by_test_id("numbers")).to_contain_text("+50.0")
    chart.locator(".u-over").hover()
    for reading in (chart, other):
        expect(reading.locator("[data-chart-read]")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    page.get_by_label("Add a node").fill("gam")
    expect(page.get_by_test_id("hit")).to_have_text("gamma")
    picture.take_all("compare")
    page.get_by_test_id("hit").click()
    expect(page.get_by_test_id("picked").get_by_role("listitem")).to_have_count(3)


def test_cells_are_walked_by_keys_read_aloud_and_lead_to_their_nodes(page: Page, picture: Picture) -> None:
    nodes = [measured(name, load) for name, load in (("alpha", 20), ("beta", 70))]
    sign_in(page)
    page.goto("/metrics/")
    cells = page.locator("[data-heat] .heat-cell")
    expect(page.locator('[data-heat] .heat-cell[tabindex="0"]')).to_have_count(1)
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    expect(page.locator("[data-heat-read]")).to_have_text("beta: CPU 70.0 %")
    picture.take_all("fleet-map")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/nodes/{nodes[1].pk}/")


def test_choice_of_a_vital_redraws_the_map_and_stays_in_the_address(page: Page) -> None:
    measured("alpha", 20)
    sign_in(page)
    page.goto("/metrics/")
    page.get_by_label("Vital").select_option("ram_percent")
    expect(page.locator("#heat-title")).to_have_text("Memory by node")
    expect(page).to_have_url(re.compile("vital=ram_percent"))


def test_step_of_the_map_of_time_leads_into_that_hour(page: Page, picture: Picture) -> None:
    node = measured("alpha", 95)
    sign_in(page)
    page.goto("/metrics/time/?range=1h")
    cell = page.locator("[data-heat] .heat-9").first
    expect(cell).to_have_text("95")
    picture.take_all("map-of-time")
    cell.click()
    page.wait_for_url(re.compile(rf"/nodes/{node.pk}/\?start=\d+&end=\d+"))
    drawn(page, "cpu_percent")


def span_of(address: str) -> tuple[list[str], list[str]]:
    """Return the start and end an address names."""
    found = parse_qs(urlsplit(address).query)
    return found["start"], found["end"]


@pytest.mark.parametrize("kind", ["compare", "node"])
def test_numbers_beside_a_chart_are_always_of_its_span(page: Page, kind: str) -> None:
    nodes = [measured(name, load) for name, load in (("alpha", 20), ("beta", 70))]
    path = (
        f"/nodes/{nodes[0].pk}/metrics/?" if kind == "node" else f"/metrics/compare/?nodes={nodes[0].pk},{nodes[1].pk}&"
    )
    sign_in(page)
    page.goto(f"{path}range=1h")
    chart = drawn(page, "cpu_percent")
    with page.expect_navigation(), page.expect_response(re.compile(r"/series/.*start=")) as asked:
        drag(page, chart)
    assert span_of(asked.value.url) == span_of(page.url)
    drawn(page, "cpu_percent")
    shown = span_of(page.url)
    assert page.locator("[data-span]").get_attribute("data-start") == shown[0][0]
    with page.expect_navigation():
        page.get_by_test_id("range-24h").click()
    expect(page).to_have_url(re.compile(r"range=24h#charts$"))
    expect(page.get_by_test_id("range-24h")).to_have_attribute("aria-current", "true")
    drawn(page, "cpu_percent")


@pytest.mark.parametrize(
    ("status", "said"),
    [(503, "This could not be loaded. Try again."), (401, "You are signed out. Sign in again."), (0, "Try again.")],
)
def test_chart_that_cannot_be_loaded_says_so_and_comes_back(page: Page, status: int, said: str) -> None:
    node = measured("alpha", 40)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/?range=1h")
    chart = drawn(page, "cpu_percent")
    page.route("**/series/**", lambda route: route.fulfill(status=status, body="no") if status else route.abort())
    page.get_by_test_id("range-24h").click()
    expect(chart).to_have_attribute("data-state", "refused")
    expect(chart.locator("[data-chart-empty]")).to_contain_text(said)
    expect(chart.locator("[data-chart-plot]")).to_have_attribute("aria-label", re.compile(re.escape(said)))
    expect(chart.locator("canvas")).to_have_count(0)
    page.unroute("**/series/**")
    page.get_by_test_id("range-1h").click()
    drawn(page, "cpu_percent")
    expect(chart.locator("[data-chart-empty]")).to_be_hidden()
    empty = page.get_by_test_id("chart-load_1m").locator("[data-chart-empty]")
    expect(empty).to_have_text("Nothing measured in this span")


def test_request_that_a_newer_one_replaced_is_no_error(page: Page) -> None:
    measured("alpha", 20)
    sign_in(page)
    page.goto("/metrics/")
    for word in ("ram_percent", "disk_percent", "cpu_percent", "ram_percent"):
        page.get_by_label("Vital").select_option(word)
    expect(page.locator("#heat-title")).to_have_text("Memory by node")


def test_last_choice_is_shown_though_one_before_it_is_answered_late(page: Page) -> None:
    measured("alpha", 20)
    sign_in(page)
    page.goto("/metrics/")
    held: list[Route] = []
    page.route(re.compile("vital=(cpu|ram)_percent"), lambda route: held.append(route))
    vital = page.get_by_label("Vital")
    vital.evaluate(CHOOSE_CPU_WHILE_SETTLING)
    with page.expect_request(re.compile("vital=cpu")):
        vital.select_option("disk_percent")
    page.wait_for_timeout(200)  # until what was put in place is settled
    with page.expect_request(re.compile("vital=ram")):
        vital.select_option("ram_percent")
    for route in held:
        with suppress(Error):
            route.continue_()
    expect(page.locator("#heat-title")).to_have_text("Memory by node")


def test_values_are_on_the_screen_of_a_phone(page: Page) -> None:
    nodes = [measured(name, load) for name, load in (("alpha", 20), ("beta", 70))]
    row = named(nodes[0], "queue_length", [3.0])
    sign_in(page)
    page.set_viewport_size({"width": 390, "height": 844})
    for address, label in (
        ("/metrics/?view=table", "CPU"),
        (f"/nodes/{nodes[0].pk}/metrics/?series={row.pk}", "Value"),
        (f"/metrics/compare/?nodes={nodes[0].pk},{nodes[1].pk}", "95th percentile"),
    ):
        page.goto(address)
        area = area_of(page.locator(f'td[data-label="{label}"]').first)
        assert area["x"] >= 0 and area["x"] + area["width"] <= 390, address
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.goto("/metrics/time/?range=1h")
    newest = area_of(page.locator("[data-heat] .heat-2").last)
    assert 0 <= newest["x"] <= 390


def test_choice_of_a_node_is_large_enough_for_a_finger(page: Page) -> None:
    measured("alpha", 20)
    sign_in(page)
    page.goto("/nodes/")
    box = page.get_by_label("Choose alpha to compare")
    target = area_of(page.locator("label").filter(has=box))
    assert min(target["width"], target["height"]) >= 24
    page.mouse.click(target["x"] + 1, target["y"] + 1)
    expect(box).to_be_checked()


def test_choice_is_there_at_every_moment_of_a_live_update(page: Page) -> None:
    measured("alpha", 20)
    sign_in(page)
    page.goto("/nodes/")
    page.get_by_label("Choose alpha to compare").check()
    page.evaluate(NOTE_CHOSEN_WHEN_SWAPPED)
    page.evaluate("htmx.trigger('#nodes-region', 'live')")
    wait_for(lambda: page.evaluate("'chosen' in window"))
    assert page.evaluate("window.chosen") == 1
    expect(page.get_by_label("Choose alpha to compare")).to_be_checked()


def test_metric_is_found_by_what_is_typed(page: Page) -> None:
    named(make.node(hostname="alpha"), "queue_length", [3.0])
    sign_in(page)
    page.goto("/metrics/top/")
    with page.expect_response(re.compile(r"/metrics/names/\?metric=queue")):
        page.get_by_role("combobox", name="Metric").fill("queue")
    expect(page.locator('#metric-names option[value="queue_length"]')).to_be_attached()
