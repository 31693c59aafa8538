"""The pool hands out connections that work, and asks the server about one only after news or long silence."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import psycopg
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from apps.core.timescale import base
from apps.core.timescale.base import DatabaseWrapper
from tests import database
from tests.processes import wait_for


@pytest.fixture
def pooled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[DatabaseWrapper]:
    """A connection like the web process's own, out of a pool of one."""
    options = deepcopy(connections["owner"].settings_dict)
    options["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 20}
    wrapper = DatabaseWrapper(options | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}, alias="pooled")
    with django_db_blocker.unblock():
        yield wrapper
        wrapper.close()
        wrapper.close_pool()


def pid(wrapper: DatabaseWrapper) -> Any:
    """Take a connection out of the pool, tell the number of its server process, and give it back."""
    wrapper.connect()
    try:
        return wrapper.connection.info.backend_pid
    finally:
        wrapper.close()


def state(of: int) -> Any:
    """Return what the server process did last, None when it is gone."""
    with psycopg.connect(database.url(), autocommit=True) as other:
        row = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [of]).fetchone()
    return row and row[0]


def test_a_connection_at_rest_is_handed_out_without_asking(pooled: DatabaseWrapper) -> None:
    process = pid(pooled)
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 'last words'")
    pooled.close()

    assert pid(pooled) == process
    assert state(process) == "SELECT 'last words'"


def test_a_connection_that_rested_for_long_is_asked_before_anybody_gets_it(
    pooled: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = pid(pooled)
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 'last words'")
    pooled.close()
    monkeypatch.setattr(base, "LONGEST_SILENCE", 0.0)

    assert pid(pooled) == process
    assert state(process) != "SELECT 'last words'"


def test_a_connection_that_the_server_ended_is_replaced_before_anybody_gets_it(pooled: DatabaseWrapper) -> None:
    process = pid(pooled)
    with psycopg.connect(database.url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [process])
    wait_for(lambda: state(process) is None)

    assert pid(pooled) != process
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
