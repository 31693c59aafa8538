"""My account by hand: a token is made, copied and works; a web session elsewhere is ended."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Picture, sign_in
from tests.processes import Portal

pytestmark = [pytest.mark.flow, pytest.mark.browser]


@pytest.fixture
def portal(web_alone: Portal) -> Portal:
    """What the browser is pointed at."""
    return web_alone


def test_token_is_shown_once_works_and_can_be_revoked(page: Page, portal: Portal, picture: Picture) -> None:
    sign_in(page, "USER")
    page.goto("/me/tokens/")
    page.get_by_test_id("new-token").click()
    page.get_by_label("Name").fill("backup script")
    page.get_by_label("Only from these addresses").fill("127.0.0.1, elsewhere")
    page.get_by_test_id("dialog-submit").click()
    expect(page.get_by_text("“elsewhere” is no address or network")).to_be_visible()
    page.get_by_label("Only from these addresses").fill("127.0.0.1")
    page.get_by_test_id("dialog-submit").click()
    secret = page.get_by_test_id("secret").inner_text()
    picture.take("my-token-once")
    program = httpx.Client(base_url=portal.url, headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/me/").json()["email"] == "uma@example.test"
    page.get_by_text("I have kept it").click()
    expect(page.get_by_test_id("token-row")).to_contain_text("backup script")
    assert secret not in page.content()
    page.get_by_test_id("revoke-token").click()
    page.get_by_label("Reason").fill("not needed any more")
    page.get_by_test_id("dialog-submit").click()
    expect(page.get_by_test_id("toast")).to_contain_text("was revoked")
    assert program.get("/api/v1/me/").status_code == 401


def test_session_in_another_browser_is_ended_from_this_one(page: Page, portal: Portal, chromium: Browser) -> None:
    elsewhere = chromium.new_context(base_url=portal.url, user_agent="Mozilla/5.0 (X11; Linux) Firefox/140.0")
    other = elsewhere.new_page()
    sign_in(other, "USER")
    sign_in(page, "USER")
    page.goto("/me/sessions/")
    rows = page.get_by_test_id("session-row")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="this one")).to_have_count(1)
    rows.filter(has_text="Firefox on Linux").get_by_test_id("end-session").click()
    page.get_by_test_id("dialog-submit").click()
    expect(page.get_by_test_id("toast")).to_contain_text("ended")
    expect(rows).to_have_count(1)
    # Its socket is told to go, or the next click is: either way it stands before the sign-in page.
    other.goto("/me/")
    expect(other).to_have_url(re.compile(r"/sign-in/"))
    elsewhere.close()
