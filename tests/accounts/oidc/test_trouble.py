"""An identity provider that is away, slow, broken, or changes its keys."""

from collections.abc import Callable

import pytest
from django.test import Client
from pydantic import SecretStr
from pytest_django import Settings

from apps.accounts import oidc_provider
from apps.accounts.models import WebSession
from apps.audit.models import AuditLog
from tests.accounts.oidc.conftest import code_of, come_back, leave, walk
from tests.accounts.oidc.provider import OpenIdProvider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mapped")]
CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def trouble_at(op: OpenIdProvider, settings: Settings) -> Callable[[str, str], None]:
    """Return a switch for trouble at a path of the provider; its silence is noticed soon."""

    def begin(path: str, trouble: str) -> None:
        op.trouble[path] = trouble
        if trouble in ("silent", "dripping"):
            settings.OIDC_TIMEOUT = 1.0

    return begin


@pytest.mark.parametrize("trouble", ["broken", "nonsense", "silent"])
def test_provider_in_trouble_at_the_start_is_a_503_that_says_so(
    trouble: str, trouble_at: Callable[[str, str], None]
) -> None:
    trouble_at(CONFIGURATION, trouble)
    answer = Client().post("/oidc/start/")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    page = answer.content.decode()
    assert "The sign-in service does not answer" in page and "Emergency sign-in" not in page


@pytest.mark.parametrize("path", ["/token", "/certs"])
@pytest.mark.parametrize("trouble", ["broken", "nonsense", "silent", "dripping", "endless"])
def test_provider_in_trouble_on_the_way_back_is_a_503_and_opens_nothing(
    path: str, trouble: str, op: OpenIdProvider, trouble_at: Callable[[str, str], None]
) -> None:
    op.add("olga")
    client = Client()
    address = leave(client)
    trouble_at(path, trouble)
    answer = come_back(client, address)

    assert answer.status_code == 503
    assert not WebSession.objects.exists()
    assert op.sent < 2**26, "what is too large is not read to its end"


def test_secret_that_the_provider_does_not_accept_is_said_with_the_settings_to_mend(
    op: OpenIdProvider, settings_with: Callable[..., None]
) -> None:
    op.add("olga")
    client = Client()
    address = leave(client)
    settings_with(oidc_client_secret=SecretStr("of-yesterday"))
    answer = come_back(client, address)

    assert answer.status_code == 503
    assert b"OIDC_CLIENT_SECRET" in answer.content
    assert not WebSession.objects.exists()


def test_provider_that_is_gone_offers_the_emergency_sign_in_where_enabled(
    op: OpenIdProvider, settings_with: Callable[..., None]
) -> None:
    op.close()
    settings_with(break_glass=True)
    answer = Client().post("/oidc/start/", {"next": "/nodes/"})

    assert answer.status_code == 503
    assert "Emergency sign-in" in answer.content.decode() and 'value="/nodes/"' in answer.content.decode()


def test_people_who_are_in_work_on_while_the_provider_is_gone(op: OpenIdProvider) -> None:
    op.add("olga")
    client = Client()
    walk(client)
    op.close()

    assert client.get("/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302


def test_configuration_of_another_issuer_is_not_followed(
    op: OpenIdProvider, settings_with: Callable[..., None]
) -> None:
    settings_with(oidc_issuer=f"{op.issuer}/../omega")

    assert Client().post("/oidc/start/").status_code == 503


def test_wrong_client_secret_is_trouble_of_the_installation_not_of_the_person(
    op: OpenIdProvider, settings_with: Callable[..., None]
) -> None:
    op.add("olga")
    settings_with(oidc_client_secret=None)

    assert walk(Client()).status_code == 503
    assert not AuditLog.objects.filter(action="SIGN_IN_REFUSED").exists()


def test_many_sign_ins_read_the_keys_once(op: OpenIdProvider) -> None:
    op.add("olga")
    for _ in range(5):
        walk(Client())

    assert (op.asked["/certs"], op.asked[CONFIGURATION], op.asked["/token"]) == (1, 1, 5)


def test_keys_and_configuration_are_read_anew_when_they_are_old(
    op: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    op.add("olga")
    walk(Client())
    kept = oidc_provider.provider()
    for document in (kept._keys, kept._discovery):
        monkeypatch.setattr(document, "_read_at", document._read_at - oidc_provider.KEPT_SECONDS)
    walk(Client())

    assert op.asked["/certs"] == 2


def test_new_key_is_found_at_its_first_token(op: OpenIdProvider) -> None:
    op.add("olga")
    walk(Client())
    op.key_name = "second"
    client = Client()
    walk(client)

    assert client.get("/").status_code == 200
    assert op.asked["/certs"] == 2


def test_storm_of_unknown_keys_reads_them_once_more_only(op: OpenIdProvider) -> None:
    op.add("olga")
    walk(Client())
    op.forge = lambda claims: op.sign(claims, "stranger's", kid=f"unknown-{op.asked['/token']}")
    refusals = {code_of(walk(Client())) for _ in range(6)}

    assert refusals == {"token_refused"}
    assert op.asked["/certs"] == 2
    op.forge = op.sign
    client = Client()
    walk(client)
    assert client.get("/").status_code == 200


def test_provider_without_refresh_tokens_is_refused_with_the_setting(
    op: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    op.add("olga")
    monkeypatch.setattr(op, "gives_refresh_tokens", False)
    answer = walk(Client())

    assert code_of(answer) == "refresh_token_missing"
    assert "Use refresh tokens" in answer.content.decode()
    assert not WebSession.objects.exists()
