"""Signing in and out through Keycloak, as people and its administrator do it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import RoleMapping, User, WebSession
from omega_portal.stack.keycloak_server import KeycloakServer
from tests import make
from tests.database import acting_as
from tests.keycloak.conftest import FILE
from tests.keycloak.realm import CLIENT, Realm
from tests.keycloak.steps import (
    LONG_AGO,
    OVERVIEW,
    SIGN_IN,
    finds_keycloak_away,
    give_password,
    leave_for_keycloak,
    revalidate,
    sign_in,
    sign_out,
)
from tests.make import PASSWORD
from tests.processes import Portal, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.keycloak]
GROUPS = [("ada", "ADMIN"), ("otto", "DEVOPS"), ("ana", "ANALYST"), ("uma", "USER"), ("rita", "READONLY")]


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


@pytest.fixture
def other_page(chromium: Browser, portal: Portal) -> Iterator[Page]:
    """A tab of another browser."""
    other = chromium.new_context(base_url=portal.url)
    yield other.new_page()
    other.close()


def test_sign_out_by_the_administrator_of_keycloak_ends_all_sessions_here(
    page: Page, other_page: Page, realm: Realm
) -> None:
    realm.add("bob", "omega-users")
    sign_in(page, "bob")
    sign_in(other_page, "bob")
    assert WebSession.objects.filter(revoked_at=None).count() == 2
    realm.sign_out("bob")

    wait_for(lambda: not WebSession.objects.filter(revoked_at=None).exists())
    for tab in (page, other_page):
        tab.reload()
        expect(tab).to_have_url(SIGN_IN)


def test_sign_out_in_one_browser_leaves_the_other_one_signed_in(page: Page, other_page: Page, realm: Realm) -> None:
    realm.add("theo", "omega-users")
    sign_in(page, "theo")
    sign_in(other_page, "theo")
    sign_out(page)

    first, second = WebSession.objects.order_by("created_at")
    assert first.revoked_at is not None and second.revoked_at is None
    other_page.reload()
    expect(other_page).to_have_url(OVERVIEW)


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


def test_first_mapping_is_made_by_emergency_sign_in(page: Page, realm: Realm, portal: Portal, tmp_path: Path) -> None:
    RoleMapping.objects.all().delete()
    realm.add("eve", "omega-devops")
    leave_for_keycloak(page)
    give_password(page, "eve")
    expect(page.get_by_test_id("unknown-values")).to_have_text("devops")

    password = tmp_path / "password"
    command = ["ensure_superuser", "--email", "root@example.test", "--password-file", str(password)]
    assert portal.launch("superuser", [sys.executable, "manage.py", *command]).process.wait(60) == 0
    page.goto("/sign-in/local/")
    page.get_by_label("E-mail").fill("root@example.test")
    page.get_by_label("Password", exact=True).fill(password.read_text().strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(OVERVIEW)
    page.goto("/people/roles/")
    page.get_by_test_id("map-it").click()
    page.get_by_role("combobox", name="Role").select_option("DEVOPS")
    page.get_by_label("Reason").fill("the operators' role")
    page.get_by_test_id("dialog-submit").click()
    expect(page.get_by_test_id("map-it")).to_be_hidden()
    sign_out(page)

    leave_for_keycloak(page)
    page.wait_for_url(OVERVIEW)
    assert User.objects.get(email="eve@example.test").role == "DEVOPS"


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
    page: Page, other_page: Page, realm: Realm, portal: Portal, server: KeycloakServer
) -> None:
    realm.add("ida", "omega-users")
    sign_in(page, "ida")
    server.stop()
    try:
        wait_for(lambda: finds_keycloak_away(other_page))
        expect(other_page.get_by_test_id("break-glass-link")).to_be_visible()
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
    other_page.get_by_role("button", name="Try again").click()
    give_password(other_page, "ida")
    other_page.wait_for_url(OVERVIEW)
