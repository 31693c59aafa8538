"""What hands do on the pages: keys, dialogs, charts, and a portal that goes away under an open page."""

import re
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Request, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from apps.core.live import announce
from apps.metrics.models import NodeLatest
from apps.nodes.models import Node
from tests import make
from tests.browser.conftest import area_of, sign_in
from tests.database import acting_as
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.browser]
WHOLE_LIST = re.compile(r"/nodes/$")
CLOCK = re.compile(r"\d\d:\d\d:\d\d")


@pytest.fixture
def portal(web_alone: Portal) -> Portal:
    """What the browser is pointed at."""
    return web_alone


def change_load(node: Node, percent: float) -> None:
    """Let a node report another load, as the ingest process would."""
    now = datetime.now(UTC)
    with acting_as("omega_worker"):
        NodeLatest.objects.filter(node=node).update(cpu_percent=percent, at=now, received_at=now)
    announce(["nodes", f"node:{node.pk}"])


def test_keys_walk_the_list_and_lead_around(page: Page) -> None:
    for name in ("alpha", "beta", "gamma"):
        make.latest(make.node(hostname=name))
    sign_in(page)
    page.goto("/nodes/")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(page.locator(".is-selected")).to_contain_text("beta")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/nodes/[0-9a-f-]{36}/$"))
    expect(page.get_by_test_id("hostname")).to_have_text("beta")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    wait_for(lambda: leads(page, "gn", "**/nodes/"))
    page.keyboard.press("/")
    page.keyboard.type("gam")
    expect(page.get_by_test_id("node-row")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/nodes/\?q=gam$"))


def leads(page: Page, keys: str, address: str) -> bool:
    """Type keys and tell whether they lead there; on a busy machine the moment allowed between two may pass."""
    page.keyboard.type(keys)
    with suppress(PlaywrightTimeout):
        page.wait_for_url(address, timeout=5000)
        return True
    return False


def open_live_list(page: Page, *names: str) -> None:
    """Open the list of nodes with these names and wait until it hears about changes."""
    for name in names:
        make.latest(make.node(hostname=name))
    sign_in(page)
    page.goto("/nodes/")
    expect(page.locator("[data-live-text]").first).to_have_text("Live")


def test_search_is_not_lost_to_an_update_of_the_list_under_way(page: Page) -> None:
    open_live_list(page, "alpha", "beta")
    held: list[Route] = []
    page.route(re.compile(r"/nodes/(\?q=alp)?$"), lambda route: held.append(route))
    with page.expect_request(WHOLE_LIST):
        announce(["nodes"])
    with page.expect_request(re.compile(r"q=alp$")):
        page.get_by_label("Search").fill("alp")
    for route in held:
        route.continue_()
        page.wait_for_timeout(500)
    expect(page.get_by_test_id("node-row")).to_have_count(1)


def test_burst_of_changes_is_fetched_at_the_pace_of_the_list(page: Page) -> None:
    open_live_list(page, "alpha")
    fetched: list[Request] = []
    page.on("request", lambda request: WHOLE_LIST.search(request.url) and fetched.append(request))
    began = time.monotonic()
    for _ in range(60):
        announce(["nodes"])
        page.wait_for_timeout(100)
    assert 1 <= len(fetched) <= (time.monotonic() - began) / 4 + 2


def test_page_in_trouble_begins_with_its_banners_and_does_not_move_under_the_mouse(page: Page) -> None:
    node = make.node()
    sign_in(page)
    page.route("**/health/banner/", lambda route: route.abort())
    page.goto(f"/nodes/{node.pk}/")
    expect(page.locator("#health [data-testid^=health-]")).to_have_count(2)


def test_retirement_waits_for_the_typed_name(page: Page) -> None:
    node = make.node(hostname="old-box")
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/")
    page.get_by_test_id("retire").click()
    submit = page.get_by_test_id("dialog-submit")
    expect(submit).to_be_disabled()
    page.get_by_label("Type the host name to confirm").fill("old-box")
    page.get_by_label("Reason").fill("sold")
    submit.click()
    expect(page.get_by_test_id("toast")).to_contain_text("old-box was retired")
    expect(page.get_by_test_id("node-state")).to_contain_text("Retired")


def open_charts_of_an_hour(page: Page) -> tuple[Locator, Locator]:
    """Open the page of a node that reported for an hour and return its CPU and memory chart, drawn."""
    node, now = make.node(), datetime.now(UTC)
    make.latest(node)
    for minutes in range(60):
        make.usage(node, now - timedelta(minutes=minutes), cpu_percent=40, ram_percent=60)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/?range=1h")
    charts = page.get_by_test_id("chart-cpu_percent"), page.get_by_test_id("chart-ram_percent")
    for chart in charts:
        expect(chart).to_have_attribute("data-state", "drawn")
    return charts


def test_charts_share_a_cursor_and_zoom_together(page: Page) -> None:
    cpu, memory = open_charts_of_an_hour(page)
    cpu.locator(".u-over").hover()
    for chart in (cpu, memory):
        expect(chart.locator("[data-chart-read]")).to_contain_text(CLOCK)
    area = area_of(cpu.locator(".u-over"))
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.8, area["y"] + area["height"] / 2, steps=4)
    with page.expect_response(re.compile(r"metric=ram_percent.*start=")):
        page.mouse.up()
    page.locator("[data-zoom-reset]").click()
    expect(page.locator("[data-zoom-reset]")).to_be_hidden()
    page.get_by_test_id("range-24h").click()
    expect(page).to_have_url(re.compile("range=24h"))


def test_redrawn_chart_keeps_the_reading_under_a_resting_mouse(page: Page) -> None:
    cpu, _ = open_charts_of_an_hour(page)
    cpu.locator(".u-over").hover()
    expect(cpu.locator("[data-chart-read]")).to_contain_text(CLOCK)
    cpu.locator("canvas").evaluate("canvas => { canvas.dataset.old = 'yes' }")
    page.evaluate("document.dispatchEvent(new Event('omega:theme'))")
    expect(cpu.locator("canvas[data-old]")).to_have_count(0)
    expect(cpu.locator("[data-chart-read]")).to_contain_text(CLOCK)


def test_plot_stays_put_under_a_finger_that_reads_it(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    cpu, _ = open_charts_of_an_hour(page)
    from_top = cpu.locator("[data-chart-plot]").evaluate("plot => plot.offsetTop")
    cpu.locator(".u-over").hover()
    expect(cpu.locator("[data-chart-read]")).to_contain_text(CLOCK)
    assert cpu.locator("[data-chart-plot]").evaluate("plot => plot.offsetTop") == from_top


def test_dark_stays_dark_on_the_next_page(page: Page) -> None:
    sign_in(page)
    for _ in range(2):
        page.locator("[data-theme-toggle]:visible").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/nodes/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_change_while_the_page_loads_is_seen(page: Page) -> None:
    node = make.node()
    make.latest(node, cpu_percent=11)
    sign_in(page)
    held: list[Route] = []
    page.route(re.compile(r"/js/live\.(\w+\.)?js$"), lambda route: held.append(route))
    page.goto(f"/nodes/{node.pk}/", wait_until="commit")
    expect(page.get_by_test_id("vital-cpu_percent")).to_contain_text("11.0")
    wait_for(lambda: page.wait_for_timeout(100) or held)
    change_load(node, 22)
    held[0].continue_()
    expect(page.get_by_test_id("vital-cpu_percent")).to_contain_text("22.0")


def test_change_during_a_fetch_is_fetched_after_it(page: Page) -> None:
    node = make.node()
    make.latest(node, cpu_percent=11)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/")
    expect(page.locator("[data-live-text]").first).to_have_text("Live")
    held: list[tuple[Route, APIResponse]] = []
    page.route(re.compile(r"/now/$"), lambda route: held.append((route, route.fetch())), times=1)
    change_load(node, 22)
    wait_for(lambda: page.wait_for_timeout(100) or held)
    change_load(node, 33)
    page.wait_for_timeout(300)  # the announcement arrives before the old answer does
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(page.get_by_test_id("vital-cpu_percent")).to_contain_text("33.0")


def test_lost_portal_is_said_and_its_return_catches_up(page: Page, portal: Portal) -> None:
    node = make.node()
    make.latest(node, cpu_percent=11)
    sign_in(page)
    page.goto(f"/nodes/{node.pk}/")
    load, banner = page.get_by_test_id("vital-cpu_percent"), page.locator("[data-live-banner]")
    expect(page.locator("[data-live-text]").first).to_have_text("Live")
    change_load(node, 22)
    expect(load).to_contain_text("22.0")
    portal.running["web"].kill()
    expect(banner).to_be_visible(timeout=15_000)
    change_load(node, 33)
    portal.start("web")
    expect(load).to_contain_text("33.0", timeout=40_000)
    expect(banner).to_be_hidden(timeout=40_000)
