"""A provider, the roles it may give, and a browser that walks to it and back."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.http import HttpResponse
from django.test import Client
from pydantic import SecretStr
from pytest_django import Settings

from apps.accounts.models import RoleMapping
from tests.accounts.oidc.provider import CLIENT, SECRET, OpenIdProvider

MAPPED = {"admin": "ADMIN", "devops": "DEVOPS", "analyst": "ANALYST", "user": "USER", "readonly": "READONLY"}


@pytest.fixture
def op(settings: Settings) -> Iterator[OpenIdProvider]:
    """Return an honest provider that the portal is configured for."""
    provider = OpenIdProvider()
    changes = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
    settings.OMEGA = settings.OMEGA.model_copy(update=changes)
    yield provider
    provider.close()


def map_roles() -> None:
    """Let each role of the provider give the one of its name."""
    for value, role in MAPPED.items():
        RoleMapping.objects.update_or_create(claim_value=value, defaults={"role": role})


@pytest.fixture
def mapped(db: None) -> None:
    """The mapping of an installation."""
    map_roles()


def leave(client: Client, **form: str) -> str:
    """Press the button; returns where the provider sends the browser back to."""
    answer = client.post("/oidc/start/", form)
    assert answer.status_code == 302, answer.content
    return requests.get(answer["Location"], allow_redirects=False, timeout=5).headers["Location"]


def come_back(client: Client, address: str) -> Any:
    """Follow the provider's answer into the portal."""
    where = urlsplit(address)
    return client.get(f"{where.path}?{where.query}")


def walk(client: Client, **form: str) -> Any:
    """Sign in: there and back again."""
    return come_back(client, leave(client, **form))


def code_of(answer: HttpResponse) -> str:
    """Return the code on a page of refusal; empty where it is none."""
    return answer.content.decode().partition('data-code="')[2].partition('"')[0]


def query_of(address: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def settings_with(settings: Settings) -> Callable[..., None]:
    """Return a setter of an installation's variables."""

    def change(**values: Any) -> None:
        settings.OMEGA = settings.OMEGA.model_copy(update=values)

    return change
