"""A Chromium to drive, and a place for its pictures."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from omega_portal.stack.chromium import find_chromium
from omega_portal.stack.console import StackError
from omega_portal.stack.places import CHECKOUT, open_place
from tests import make, processes
from tests.processes import ROOT, Portal, wait_for

PICTURES = ROOT / ".local" / "screenshots"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
OFFLINE = ["--disable-background-networking", "--disable-component-update"]
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session", autouse=True)
def allow_database_beside_the_browser() -> None:
    """Playwright's loop makes Django believe that tests are asynchronous."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser on PATH, or the one the local stack unpacks; without either the tests say so and are left out.

    One per module: while it lives its event loop runs, beside which no asynchronous test can.
    """
    try:
        path = find_chromium(open_place(CHECKOUT / ".local"))
    except StackError as reason:
        pytest.skip(f"browser tests left out: {reason}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=QUIET + OFFLINE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def kept_web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One web process for all tests of a module, on the Valkey that the tests' own process announces to."""
    with processes.portal(tmp_path_factory.mktemp("web"), settings.REDIS_URL, "web") as started:
        yield started


@pytest.fixture
def web_alone(committed: None, kept_web: Portal) -> Portal:
    """The web process without the others; a test before may have left it dead."""
    if kept_web.running["web"].process.poll() is not None:
        kept_web.start("web")
    return kept_web


@pytest.fixture
def context(chromium: Browser, portal: Portal) -> Iterator[BrowserContext]:
    """A fresh browser profile, pointed at this test's portal."""
    made = chromium.new_context(base_url=portal.url, viewport={"width": 1440, "height": 900})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails the test when the page's scripts or its security policy complain."""
    tab = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        is_ours = message.type == "error" and not re.search(
            r"net::ERR|WebSocket connection|status of (4|5)\d\d|htmx:(sendError|afterRequest)", message.text
        )
        if is_ours:
            complaints.append(message.text)

    tab.on("console", listen)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    assert not complaints


@pytest.fixture
def picture(page: Page) -> "Picture":
    """Keeps what the page looks like."""
    return Picture(page)


class Picture:
    """Takes screenshots, light and dark, wide and phone."""

    def __init__(self, page: Page) -> None:
        """Take the tab."""
        self.page = page
        PICTURES.mkdir(parents=True, exist_ok=True)

    def take(self, name: str) -> Path:
        """Keep one picture of the whole page as it is."""
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def take_all(self, name: str) -> None:
        """Keep the page in both colours and both widths."""
        for colour in ("light", "dark"):
            for width, height in ((1440, 900), (390, 844)):
                self.page.emulate_media(color_scheme=colour)  # type: ignore[arg-type]
                self.page.set_viewport_size({"width": width, "height": height})
                self.page.wait_for_timeout(300)
                self.take(f"{name}-{colour}-{width}")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1440, "height": 900})


def area_of(place: Locator) -> FloatRect:
    """Return where something is on the screen; a live update may replace it in the middle of the question."""
    area = wait_for(place.bounding_box)
    assert area
    return area


def sign_in(page: Page, role: str = "DEVOPS") -> None:
    """Sign in through the page as somebody of a role."""
    person = make.user(role, password=make.PASSWORD)
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(make.PASSWORD)
    # From then on pages begin with their banners, and nothing moves when those are fetched.
    with page.expect_response("**/health/banner/"):
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r":\d+/$"))
