"""The walk through the identity provider, from the button to the overview and out again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.models import User, WebSession
from apps.accounts.services import forget_old_sign_ins
from apps.audit.models import AuditLog
from tests import make
from tests.accounts.oidc.conftest import code_of, come_back, leave, query_of, walk
from tests.accounts.oidc.provider import OpenIdProvider
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]


def test_sign_in_page_shows_the_button_and_no_form(op: OpenIdProvider) -> None:
    client = Client()
    page = client.get("/sign-in/?next=/nodes/").content.decode()

    assert "Sign in with Keycloak" in page and 'value="/nodes/"' in page
    assert 'name="password"' not in page
    assert client.post("/sign-in/", {"email": "a@example.test", "password": "x"}).status_code == 405


def test_first_sign_in_makes_an_account_and_opens_a_session(op: OpenIdProvider) -> None:
    op.add("olga", name="Olga O.", roles=["devops", "user"])
    client = Client()
    answer = walk(client, next="/nodes/")

    assert (answer.status_code, answer["Location"]) == (302, "/nodes/")
    olga = User.objects.get(email="olga@example.test")
    assert (olga.role, olga.full_name, olga.auth_provider) == ("DEVOPS", "Olga O.", "keycloak")
    assert (olga.issuer, olga.keycloak_user_id, olga.password) == (op.issuer, "olga", None)
    assert not olga.is_superuser
    assert client.get("/").status_code == 200
    actions = set(AuditLog.objects.filter(is_row_image=False).values_list("action", flat=True))
    assert actions == {"ACCOUNT_CREATED", "SIGNED_IN"}


def test_session_keeps_the_tokens_sealed_and_nothing_is_asked_of_userinfo(op: OpenIdProvider) -> None:
    op.add("olga")
    walk(Client())

    row = WebSession.objects.get()
    assert row.auth_provider == "keycloak" and row.oidc_issuer == op.issuer and row.oidc_sid
    assert row.refresh_token in op.refresh_tokens
    assert op.asked["/userinfo"] == 0


def test_key_of_before_is_not_the_key_of_after(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    address = leave(client)
    before = client.cookies["omega-session"].value
    come_back(client, address)

    assert client.cookies["omega-session"].value != before
    thief = Client()
    thief.cookies["omega-session"] = before
    assert thief.get("/").status_code == 302


def test_request_asks_for_a_code_with_pkce_state_and_nonce(op: OpenIdProvider) -> None:
    asked = query_of(Client().post("/oidc/start/")["Location"])

    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert "openid" in asked["scope"].split()
    assert all(len(asked[name]) >= 32 for name in ("state", "nonce", "code_challenge"))
    assert asked["redirect_uri"] == "http://testserver/oidc/callback/"


def test_second_sign_in_is_the_same_person_with_the_role_of_now(op: OpenIdProvider) -> None:
    person = op.add("olga", roles=["admin"])
    walk(Client())
    person.roles, person.email = ["readonly"], "olga.new@example.test"
    walk(Client())

    olga = User.objects.get(keycloak_user_id="olga")
    assert (olga.role, olga.last_idp_role, olga.email) == ("READONLY", "READONLY", "olga.new@example.test")
    assert AuditLog.objects.get(action="ROLE_SYNCED").details["from"] == "ADMIN"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_way_back_stays_on_this_host(wanted: str, op: OpenIdProvider) -> None:
    op.add("olga")

    assert walk(Client(), next=wanted)["Location"] == "/"


def test_signing_out_leads_through_the_provider(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    walk(client)
    token = WebSession.objects.get().id_token
    answer = client.post("/sign-out/")

    asked = query_of(answer["Location"])
    assert answer["Location"].startswith(f"{op.issuer}/logout?")
    assert asked["id_token_hint"] == token
    assert asked["post_logout_redirect_uri"] == "http://testserver/sign-in/"
    row = WebSession.objects.get()
    assert row.revoked_at and row.id_token is None and row.refresh_token is None
    assert client.get("/").status_code == 302


def test_start_takes_no_get_and_no_script(op: OpenIdProvider) -> None:
    client = Client()

    assert client.get("/oidc/start/").status_code == 405
    for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
        assert client.post("/oidc/start/", headers=headers).status_code == 401
        assert client.get("/oidc/callback/?code=a&state=b", headers=headers).status_code == 401
    assert Client(enforce_csrf_checks=True).post("/oidc/start/").status_code == 403


def test_signing_in_as_somebody_else_asks_the_provider_for_it(op: OpenIdProvider) -> None:
    assert query_of(Client().post("/oidc/start/", {"afresh": "1"})["Location"])["prompt"] == "login"


def test_whoever_is_in_is_sent_on(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    walk(client)
    answer = client.post("/oidc/start/", {"next": "/nodes/"})

    assert (answer.status_code, answer["Location"]) == (302, "/nodes/")
    assert WebSession.objects.count() == 1


def test_whoever_does_not_come_back_leaves_nothing_for_long(op: OpenIdProvider, now: datetime) -> None:
    for _ in range(3):
        Client().post("/oidc/start/")
    assert forget_old_sign_ins(now=now + timedelta(minutes=9)) == 0
    assert forget_old_sign_ins(now=now + timedelta(minutes=11)) == 3


def test_signed_in_session_lasts_its_hours_all_the_same(op: OpenIdProvider, now: datetime) -> None:
    op.add("olga")
    client = Client()
    walk(client)

    assert forget_old_sign_ins(now=now + timedelta(hours=9)) == 0
    assert client.get("/").status_code == 200


def test_without_a_provider_its_doors_are_absent() -> None:
    client = Client()

    assert client.post("/oidc/start/").status_code == 404
    assert client.get("/oidc/callback/").status_code == 404
    assert client.post("/oidc/backchannel-logout/").status_code == 404
    assert client.get("/sign-in/local/").status_code == 404
    assert 'name="password"' in client.get("/sign-in/").content.decode()


def test_account_closed_here_stays_out_and_is_told_so(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    walk(client)
    User.objects.update(is_active=False)

    assert client.get("/").status_code == 302
    refused = walk(Client())
    assert (refused.status_code, code_of(refused)) == (403, "account_closed")


def break_glass(client: Client, email: str) -> int:
    """Try the emergency door; returns the status."""
    return client.post("/sign-in/local/", {"email": email, "password": make.PASSWORD}).status_code


def test_break_glass_is_for_superusers_and_leaves_its_mark(
    op: OpenIdProvider, settings_with: Callable[..., None]
) -> None:
    with acting_as("omega_owner"):
        make.user("ADMIN", password=make.PASSWORD, is_superuser=True)
    make.user("DEVOPS", password=make.PASSWORD)
    absent = break_glass(Client(), "ada@example.test")
    settings_with(break_glass=True)
    client = Client()

    assert (absent, break_glass(Client(), "otto@example.test")) == (404, 401)
    assert break_glass(client, "ada@example.test") == 302
    assert client.get("/").status_code == 200
    assert AuditLog.objects.filter(action="BREAK_GLASS_USED", user_email="ada@example.test").count() == 1
    assert AuditLog.objects.filter(action="SIGN_IN_REFUSED", resource_name="otto@example.test").count() == 1
