"""The summary names the database's tier exactly as the portal itself sees it."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from apps.core.timescale.tier import read_tier
from omega_portal.stack.summary import database_tier
from tests import database

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]


@pytest.fixture
def bare_url(django_db_setup: None) -> Iterator[str]:
    """A database on the same server, without any extension."""
    parts = urlsplit(database.url())
    name = f"{parts.path[1:]}_bare"
    database.drop(name)
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield urlunsplit(parts._replace(path=f"/{name}"))
    database.drop(name)


def test_tier_is_the_one_the_portal_sees() -> None:
    with connection.cursor() as cursor:
        assert database_tier(database.url()) == read_tier(cursor)


def test_extension_that_is_only_available_does_not_count(bare_url: str) -> None:
    assert database_tier(bare_url) == "postgresql"
