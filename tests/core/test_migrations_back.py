"""Every migration has a way back, and the way forward works again after it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from psycopg import sql

ROOT = Path(__file__).parents[2]
APPS = ("compute_sessions", "metrics", "nodes", "accounts", "jobs", "audit", "core")
pytestmark = [pytest.mark.data_layer, pytest.mark.slow]


@pytest.fixture
def empty_database(django_db_setup: None) -> Iterator[str]:
    """Return the URL of an empty database of the tests' server, owned by the owner."""
    there = connections["owner"].settings_dict
    name = f"{there['NAME']}_back"
    login = {"host": there["HOST"], "port": there["PORT"], "user": there["USER"], "password": there["PASSWORD"]}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as maintenance:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        maintenance.execute(drop)
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield f"postgresql://{login['user']}:{login['password']}@{login['host']}:{login['port']}/{name}"
        maintenance.execute(drop)


def manage(url: str, *arguments: str) -> str:
    """Run a command as an installation's owner and return what it says."""
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "omega_portal.settings.django", "OMEGA_PROCESS": "manage"}
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**given, "DATABASE_URL": url}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_all_the_way_forward_back_and_forward_again(empty_database: str) -> None:
    manage(empty_database, "migrate", "-v0")
    for app in APPS:
        manage(empty_database, "migrate", app, "zero", "-v0")
    assert "[X]" not in manage(empty_database, "showmigrations", *APPS)

    manage(empty_database, "migrate", "-v0")
    assert "No planned migration operations" in manage(empty_database, "migrate", "--plan")
