"""A door of each drill's own, and a database server of its own for those that break one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.drills import own_server
from tests.drills.own_server import OwnServer
from tests.processes import Portal, portal


@pytest.fixture
def door(tmp_path: Path, redis_url: str, committed: None) -> Iterator[Portal]:
    """A door of the drill's own."""
    with portal(tmp_path, redis_url, "ingest") as running:
        yield running


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServer]:
    """A database server of the module's own: its tests' database, which they leave running."""
    with django_db_blocker.unblock(), own_server.own_server() as lent:
        yield lent
