"""Signing in and out through Keycloak, as people and its administrator do it."""

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from apps.accounts.models import User, WebSession
from omega_portal.stack.keycloak_server import KeycloakServer
from tests import make
from tests.database import acting_as
from tests.keycloak.conftest import FILE
from tests.keycloak.realm import CLIENT, Realm
from tests.make import PASSWORD
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.keycloak]
OVERVIEW = re.compile(r":\d+/$")
SIGN_IN = re.compile(r"/sign-in/(\?next=.*)?$")
GROUPS = [("ada", "ADMIN"), ("otto", "DEVOPS"), ("ana", "ANALYST"), ("uma", "USER"), ("rita", "READONLY")]
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


@pytest.mark.parametrize(("username", "role"), GROUPS)
def test_group_in_keycloak_gives_the_role_here(page: Page, username: str, role: str) -> None:
    person = sign_in(page, username)

    assert (person.role, person.auth_provider, person.is_superuser) == (role, "keycloak", False)
    page.goto("/me/")
    expect(page.get_by_role("main")).to_contain_text(f"role {person.get_role_display()}")


def test_sign_out_here_is_a_sign_out_there(page: Page, realm: Realm) -> None:
    realm.add("signe", "omega-users")
    sign_in(page, "signe")
    assert len(realm.sessions("signe")) == 1
    sign_out(page)

    assert realm.sessions("signe") == []
    leave_for_keycloak(page)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_new_role_counts_from_the_next_sign_in(page: Page, realm: Realm) -> None:
    realm.add("nia", "omega-readers")
    assert sign_in(page, "nia").role == "READONLY"
    sign_out(page)
    realm.move("nia", "omega-devops")

    assert sign_in(page, "nia").role == "DEVOPS"


def test_new_role_counts_from_the_next_revalidation(page: Page, realm: Realm, portal: Portal) -> None:
    realm.add("nils", "omega-devops")
    person = sign_in(page, "nils")
    realm.move("nils", "omega-readers")
    revalidate(portal)

    person.refresh_from_db()
    assert person.role == "READONLY"
    page.goto("/me/")
    expect(page.get_by_role("main")).to_contain_text(f"role {person.get_role_display()}")


def test_revalidation_of_somebody_unchanged_leaves_them_alone(page: Page, realm: Realm, portal: Portal) -> None:
    realm.add("stan", "omega-users")
    sign_in(page, "stan")
    for _ in range(2):  # the second time with the refresh token that the first one brought
        revalidate(portal)

    page.reload()
    expect(page).to_have_url(OVERVIEW)
    session = WebSession.objects.get()
    assert session.revoked_at is None and session.revalidated_at and session.revalidated_at > LONG_AGO


def test_disabled_person_is_out_at_the_next_revalidation(page: Page, realm: Realm, portal: Portal) -> None:
    realm.add("dora", "omega-admins")
    sign_in(page, "dora")
    realm.disable("dora")
    revalidate(portal)

    page.reload()
    expect(page).to_have_url(SIGN_IN)
    leave_for_keycloak(page)
    give_password(page, "dora")
    expect(page.get_by_text("Account is disabled")).to_be_visible()


def test_sign_out_by_the_administrator_of_keycloak_ends_the_session_here(page: Page, realm: Realm) -> None:
    realm.add("bob", "omega-users")
    sign_in(page, "bob")
    realm.sign_out("bob")

    wait_for(lambda: WebSession.objects.exclude(revoked_at=None).exists())
    page.reload()
    expect(page).to_have_url(SIGN_IN)


def test_sign_out_in_one_browser_leaves_the_other_one_signed_in(
    page: Page, chromium: Browser, portal: Portal, realm: Realm
) -> None:
    realm.add("theo", "omega-users")
    sign_in(page, "theo")
    other = chromium.new_context(base_url=portal.url)
    sign_in(other.new_page(), "theo")
    other.close()
    sign_out(page)

    first, second = WebSession.objects.order_by("created_at")
    assert first.revoked_at is not None and second.revoked_at is None


def test_people_sign_in_after_a_rotation_of_keys(page: Page, realm: Realm, portal: Portal) -> None:
    realm.add("kim", "omega-users")
    sign_in(page, "kim")
    sign_out(page)
    new_key = realm.rotate_keys()
    keys = httpx.get(f"{realm.issuer}/protocol/openid-connect/certs", timeout=30).json()["keys"]
    assert new_key in {key["kid"] for key in keys}

    leave_for_keycloak(page)
    give_password(page, "kim")
    # Unknown keys are looked up every ten seconds at most.
    wait_for(lambda: OVERVIEW.search(page.url) or page.get_by_role("button", name="Start again").click(), every=2)


def test_missing_mapper_is_named(page: Page, realm: Realm) -> None:
    realm.add("mia", "omega-users")
    with realm.without_mapper():
        leave_for_keycloak(page)
        give_password(page, "mia")
        refusal = page.get_by_test_id("idp-refused")
        for words in ("“portal_roles”", f"“{CLIENT}”", "User Client Role", "Add to ID token"):
            expect(refusal).to_contain_text(words)
    assert not User.objects.filter(email="mia@example.test").exists()
    page.get_by_role("button", name="Start again").click()
    page.wait_for_url(OVERVIEW)


def test_unproven_email_of_a_superuser_opens_nothing(page: Page, realm: Realm) -> None:
    with acting_as("omega_worker"):
        root = make.user("ADMIN", email="root@example.test", is_superuser=True, password=PASSWORD)
    with realm.believing_every_email():
        leave_for_keycloak(page)
        give_password(page, "mallory")
        expect(page.get_by_test_id("idp-refused")).to_have_attribute("data-code", "ask_to_link")

    root.refresh_from_db()
    assert (root.auth_provider, root.keycloak_user_id) == ("local", None)
    assert not WebSession.objects.exists()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
    ],
)
def test_realm_refuses_what_the_portal_never_asks(
    realm: Realm, portal: Portal, changed: dict[str, str | None], error: str
) -> None:
    usual = {
        "client_id": CLIENT,
        "redirect_uri": f"{portal.url}/oidc/callback/",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    address = f"{realm.issuer}/protocol/openid-connect/auth"
    asked = {name: value for name, value in {**usual, **changed}.items() if value is not None}

    assert httpx.get(address, params=usual, timeout=30).status_code == 200
    assert f"error={error}" in httpx.get(address, params=asked, timeout=30).headers["Location"]


def test_realm_sends_nobody_to_another_address(realm: Realm, portal: Portal) -> None:
    asked = {"client_id": CLIENT, "response_type": "code", "scope": "openid"}
    for elsewhere in (
        f"{portal.url}/oidc/callback/../../",
        f"{portal.url}/",
        "https://elsewhere.example/oidc/callback/",
    ):
        query = {**asked, "redirect_uri": elsewhere}
        answer = httpx.get(f"{realm.issuer}/protocol/openid-connect/auth", params=query, timeout=30)
        assert answer.status_code == 400 and "Location" not in answer.headers


def test_stopped_keycloak_is_said_and_its_return_needs_nothing(
    page: Page, chromium: Browser, realm: Realm, portal: Portal, server: KeycloakServer
) -> None:
    realm.add("ida", "omega-users")
    sign_in(page, "ida")
    other = chromium.new_context(base_url=portal.url)
    stranger = other.new_page()
    server.stop()
    try:
        wait_for(lambda: finds_keycloak_away(stranger))
        expect(stranger.get_by_test_id("break-glass-link")).to_be_visible()
        revalidate(portal)
        page.reload()
        expect(page).to_have_url(OVERVIEW)
        expect(page.get_by_test_id("health-sign-in")).to_be_visible()
    finally:
        server.start(FILE, {})
    revalidate(portal)
    page.reload()
    expect(page).to_have_url(OVERVIEW)
    expect(page.get_by_test_id("health-sign-in")).to_be_hidden()
    stranger.get_by_role("button", name="Try again").click()
    give_password(stranger, "ida")
    stranger.wait_for_url(OVERVIEW)
    other.close()
