"""Fixtures every test may use: a migrated database, roles, people and committed data."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import hypothesis
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import live
from apps.core.context import ALL_TENANTS, SYSTEM, RequestContext, acting
from apps.core.timescale.prepare import ensure_roles
from tests import database, make, signed_in

pytest_plugins = ["tests.valkey", "tests.whole"]
# A property says what holds, not how fast: on a busy machine any single example may take long.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")
MOST_OF_A_NAME = 60


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep hostile values out of the tests' names, of which they would be megabytes."""
    if isinstance(val, str | bytes) and len(val) > MOST_OF_A_NAME:
        return f"{val[:20]!r} and more, {len(val)} in all"
    return None


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Make this run's database as its owner, and point the application role at it."""
    with django_db_blocker.unblock():
        name = database.create()
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        ensure_roles(connections["owner"], reset_passwords=True)  # type: ignore[arg-type]
    yield
    with django_db_blocker.unblock():
        database.drop(name)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit for other processes to see; everything is emptied afterwards."""
    with django_db_blocker.unblock():
        if not database.is_empty():
            database.empty()
        yield
        connections.close_all()
        database.empty()
        connections.close_all()


@pytest.fixture(autouse=True)
def announcements_flow() -> None:
    """Forget that Redis did not answer an earlier test in time; announcements would pause for a moment."""
    live._breaker.open_until = 0.0


@pytest.fixture(autouse=True)
def the_test_sees_every_row() -> Iterator[None]:
    """Let what a test itself asks see all rows; requests it makes act for whoever sends them, and services too."""
    with acting(RequestContext(user_role=SYSTEM, tenant_ids=ALL_TENANTS)):
        yield


@pytest.fixture
def now() -> datetime:
    """The present, read once; services take it as an argument."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def client_as(db: None) -> Callable[[str], Client]:
    """Return a browser signed in as somebody of a role."""

    def sign_in(role: str) -> Client:
        client = Client()
        signed_in.sign_in(client, make.user(role=role))
        return client

    return sign_in


@pytest.fixture
def admin(db: None) -> User:
    """Ada, who may do everything."""
    return make.user(role="ADMIN")
