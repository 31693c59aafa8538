"""Who acts is known to triggers and policies in every transaction, and to none that comes after."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, connections, transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.core.context import NOBODY, RequestContext, acting, because, current
from tests.roles import serving_as

ADA = RequestContext(
    user_id="7b1f6a52-6a5e-4a77-9d3a-0d6b1d1c2f11",
    user_email="ada@example.test",
    user_role="ADMIN",
    tenant_ids="all",
    request_id="request-1",
    ip_address="192.0.2.7",
)
OTTO = replace(ADA, user_email="otto@example.test", user_role="DEVOPS")


@pytest.fixture(autouse=True)
def the_test_sees_every_row() -> None:
    """Begin without any context, other than everywhere else: contexts are what these tests are about."""


@pytest.fixture(autouse=True)
def own_transactions(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let these tests begin and end transactions themselves; they write nothing."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()


def told(name: str = "user_email") -> str:
    """Return what the open transaction knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), '')", [f"omega.{name}"])
        return str(cursor.fetchone()[0])


def test_transaction_begun_under_a_context_knows_every_part_of_it() -> None:
    with acting(ADA), transaction.atomic():
        known = {
            name: told(name) for name in ("user_id", "user_email", "role", "tenant_ids", "request_id", "ip_address")
        }

    assert known == {
        "user_id": ADA.user_id,
        "user_email": ADA.user_email,
        "role": "ADMIN",
        "tenant_ids": "all",
        "request_id": "request-1",
        "ip_address": "192.0.2.7",
    }


def test_context_put_in_force_inside_a_transaction_reaches_it_and_ends_with_its_block() -> None:
    with transaction.atomic():
        before = told()
        with acting(ADA):
            during = told()
            with acting(OTTO):
                deeper = told()
            back = told()
        after = told()

    assert (before, during, deeper, back, after) == ("", ADA.user_email, OTTO.user_email, ADA.user_email, "")


def test_context_survives_a_savepoint_that_is_rolled_back() -> None:
    with acting(ADA), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert told() == ADA.user_email


def test_context_changed_inside_a_broken_savepoint_does_not_outlive_it() -> None:
    with acting(ADA), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), acting(OTTO), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert told() == ADA.user_email


def test_nothing_leaks_into_the_next_transaction_of_the_connection() -> None:
    with acting(ADA), transaction.atomic():
        backend = backend_id()

    with transaction.atomic():
        assert (backend_id(), told(), told("user_id")) == (backend, "", "")
    assert told() == ""


def test_nothing_leaks_through_a_pool_after_commit_or_rollback() -> None:
    with serving_as("omega_portal", pool=True):
        with acting(ADA), transaction.atomic():
            backend = backend_id()
        connection.close()
        after_commit = (backend_id(), told())
        with pytest.raises(ZeroDivisionError), acting(OTTO), transaction.atomic():
            raise ZeroDivisionError
        connection.close()
        after_rollback = (backend_id(), told())

    assert after_commit == after_rollback == (backend, "")


def test_statement_outside_any_transaction_carries_no_context() -> None:
    with acting(ADA):
        assert told() == ""


def test_python_knows_the_context_only_within_its_block() -> None:
    with acting(ADA), because("fan replaced") as inner:
        assert (current(), inner.reason, inner.user_email) == (inner, "fan replaced", ADA.user_email)
    assert current() is NOBODY


def test_control_characters_cannot_break_the_settings() -> None:
    hostile = replace(ADA, user_agent="bad\x00agent'; DROP TABLE users; --")
    with acting(hostile), transaction.atomic():
        assert told("user_agent") == "badagent'; DROP TABLE users; --"


def backend_id() -> int:
    """Return which server process answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
