"""One Keycloak and one portal for all tests here; fresh data and a fresh browser for each."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from playwright.sync_api import BrowserContext, Page

from apps.accounts.models import RoleMapping
from omega_portal.stack.console import StackError
from omega_portal.stack.keycloak import find_keycloak
from omega_portal.stack.keycloak_server import KeycloakServer
from tests.browser.conftest import allow_database_beside_the_browser, chromium, context
from tests.keycloak.realm import CLIENT, Realm
from tests.make import PASSWORD
from tests.processes import ROOT, Portal, free_port

__all__ = ["allow_database_beside_the_browser", "chromium", "context"]
FILE = ROOT / "docker" / "keycloak" / "omega-realm.json"
MAPPED = {"admin": "ADMIN", "devops": "DEVOPS", "analyst": "ANALYST", "user": "USER", "readonly": "READONLY"}


@pytest.fixture(scope="module")
def client_secret() -> str:
    """The secret that Keycloak and the portal share."""
    return secrets.token_urlsafe(32)


@pytest.fixture(scope="module")
def portal_port() -> int:
    """Where the portal will be: Keycloak's realm holds its address before it runs."""
    return free_port()


@pytest.fixture(scope="module")
def server(portal_port: int, client_secret: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeycloakServer]:
    """Keycloak with the realm of this repository; without Maven or Java the tests say so and are left out."""
    try:
        programs = find_keycloak()
    except StackError as reason:
        pytest.skip(f"tests with a real Keycloak left out: {reason}")
    made = KeycloakServer(programs, tmp_path_factory.mktemp("keycloak"), free_port(), free_port())
    variables = {
        "PORTAL_URL": f"http://127.0.0.1:{portal_port}",
        "PORTAL_CLIENT_SECRET": client_secret,
        "EXAMPLE_PEOPLE": "true",
        "EXAMPLE_PASSWORD": PASSWORD,
    }
    try:
        made.start(FILE, variables)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def realm(server: KeycloakServer) -> Realm:
    """The realm, in the hands of its administrator."""
    return Realm(server.url, server.programs.admin_secret)


@pytest.fixture(scope="module")
def running_portal(
    django_db_setup: None,
    realm: Realm,
    portal_port: int,
    client_secret: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Portal]:
    """A web process whose people sign in through that realm."""
    address, _, number = settings.REDIS_URL.rpartition("/")
    redis_url = f"{address}/{int(number) + 1}"
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    made = Portal(Path(tmp_path_factory.mktemp("portal")), redis_url, web_port=portal_port)
    made.variables = {
        "OIDC_ISSUER": realm.issuer,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": client_secret,
        "BREAK_GLASS": "true",
    }
    try:
        made.start("web")
        yield made
    finally:
        made.stop_all()


@pytest.fixture
def portal(running_portal: Portal, committed: None) -> Portal:
    """The portal without any data but the mapping of Keycloak's roles that it begins with."""
    assert dict(RoleMapping.objects.values_list("claim_value", "role")) == MAPPED
    return running_portal


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails the test when a security policy stops anything; what Keycloak's own pages log is theirs."""
    tab = context.new_page()
    refused: list[str] = []
    tab.on("console", lambda said: "Content Security Policy" in said.text and refused.append(said.text))
    yield tab
    assert not refused
