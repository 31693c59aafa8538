"""`manage.py check` fails while a serving role stands above the rules for rows."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from tests import database

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.data_layer


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command as an installation would."""
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "omega_portal.settings.django", "OMEGA_PROCESS": "manage"}
    given |= {"DATABASE_URL": database.url(), **environment}
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


@contextmanager
def superuser() -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    """Be the one who could do this to an installation, on a database of the tests' own server."""
    with psycopg.connect(settings.DATABASE_ADMIN_URL, autocommit=True) as connection:
        yield connection


def test_installation_as_it_is_made_passes(committed: None) -> None:
    done = check()

    assert done.returncode == 0, done.stderr
    assert "omega.E05" not in done.stderr


def test_process_that_connects_as_the_owner_is_found(committed: None) -> None:
    done = check(DATABASE_PORTAL_URL=database.url())
    assert done.returncode == 1
    assert "omega.E052" in done.stderr
    assert f"{connections['owner'].settings_dict['USER']} owns tables" in done.stderr


@pytest.mark.skipif(not settings.DATABASE_ADMIN_URL, reason="needs a superuser of the tests' server")
def test_role_that_bypasses_or_belongs_above_is_found(committed: None) -> None:
    with superuser() as admin:
        role = f"t_check_{os.getpid()}"
        admin.execute(f"CREATE ROLE {role} BYPASSRLS")  # type: ignore[call-overload]
        try:
            found = check(DATABASE_WORKER_URL=database.url().replace("omega_owner:", f"{role}:"))
            admin.execute(f"ALTER ROLE {role} NOBYPASSRLS")  # type: ignore[call-overload]
            admin.execute(f"GRANT omega_auth TO {role}")  # type: ignore[call-overload]
            above = check(DATABASE_WORKER_URL=database.url().replace("omega_owner:", f"{role}:"))
        finally:
            admin.execute(f"DROP ROLE {role}")  # type: ignore[call-overload]
    assert (found.returncode, above.returncode) == (1, 1)
    assert "omega.E051" in found.stderr
    assert "omega.E053" in above.stderr


def test_database_that_cannot_be_asked_is_said_and_fails_nothing() -> None:
    done = check(DATABASE_URL="postgresql://nobody:none@127.0.0.1:1/none")
    assert done.returncode == 0, done.stderr
    assert "omega.I050" in done.stderr
