"""What a person does in the browser to get in and out, and what the worker does meanwhile."""

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from apps.accounts.models import User, WebSession
from tests.make import PASSWORD
from tests.processes import Portal

OVERVIEW = re.compile(r":\d+/$")
SIGN_IN = re.compile(r"/sign-in/(\?next=.*)?$")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def leave_for_keycloak(page: Page) -> None:
    """Press the portal's button."""
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with Keycloak").click()


def give_password(page: Page, username: str) -> None:
    """Fill in Keycloak's own form."""
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()


def sign_in(page: Page, username: str) -> User:
    """Sign in and arrive at the overview; returns whom the portal takes the person for."""
    leave_for_keycloak(page)
    give_password(page, username)
    page.wait_for_url(OVERVIEW)
    return User.objects.get(email=f"{username}@example.test")


def sign_out(page: Page) -> None:
    """Sign out in the portal."""
    page.get_by_test_id("sign-out").click()
    page.wait_for_url(SIGN_IN)


def finds_keycloak_away(page: Page) -> bool:
    """Tell whether the portal says so; for the ten seconds that it believes what it knew, browsers are sent off."""
    leave_for_keycloak(page)
    with suppress(PlaywrightTimeout):
        page.get_by_test_id("idp-away").wait_for(timeout=2000)
        return True
    return False


def revalidate(portal: Portal) -> None:
    """Let the worker ask Keycloak about everybody now, as it does every five minutes."""
    WebSession.objects.update(revalidated_at=LONG_AGO)
    task = "from apps.accounts.tasks import revalidate_sessions; revalidate_sessions()"
    worker = portal.launch("revalidation", [sys.executable, "manage.py", "shell", "-c", task], OMEGA_PROCESS="worker")
    assert worker.process.wait(60) == 0, worker.log.read_text()
