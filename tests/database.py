"""The tests' database: made and emptied by its owner, used as the application's roles."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

import psycopg
from django.apps import apps
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from apps.accounts.migrations import __file__ as migrations_file
from apps.core.sql import sql_text
from apps.core.timescale.tier import Tier

PATIENCE = 10
KEPT_FOR = import_module("apps.metrics.migrations.0007_retention")
FIRST_MAPPINGS = sql_text(migrations_file, "0007_first_mappings.sql")
SEEDED = {"tenants", "role_mappings", "retention_policies"}
KEPT = ("django_migrations", "django_content_type", "auth_permission")


def aggregates() -> set[str]:
    """Return the tables that are continuous aggregates on this run's server: views, which nobody writes to."""
    is_licensed = connections["default"].tier is Tier.TIMESCALE  # type: ignore[attr-defined]
    return {"usage_hourly", "usage_daily", "usage_sketches", "metric_hourly"} if is_licensed else set()


def create() -> str:
    """Make this run's (and this worker's) database and point every alias at it; returns its name.

    TEST_DATABASE_SUFFIX in the environment keeps a second run beside a first one apart.
    """
    settings = connections["owner"].settings_dict
    name = (settings["TEST"].get("NAME") or f"test_{settings['NAME']}") + os.environ.get("TEST_DATABASE_SUFFIX", "")
    drop(name)
    _maintenance(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    return name


def drop(name: str) -> None:
    """Remove the database, whoever is still connected."""
    connections.close_all()
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for _ in range(PATIENCE):
        try:
            return _maintenance(statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            # Another role's connection is still closing, and the owner may not end it.
            time.sleep(0.5)
    return _maintenance(statement)


def _maintenance(statement: sql.Composed) -> None:
    """Run a statement that cannot run inside the database it is about."""
    settings = connections["owner"].settings_dict
    login = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
    }
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as maintenance:
        maintenance.execute(statement)


def empty() -> None:
    """Forget everything the tests committed; what migrations put in is put in again.

    A process that outlives the test may be in the middle of a question, and hold a table while it waits for another.
    """
    for _ in range(PATIENCE):
        with suppress(OperationalError):
            return _empty()
    return _empty()


def is_empty() -> bool:
    """Tell whether there is nothing but what migrations put in; a process may have written after its test."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        wanted = [sql.Identifier(name) for name in _tables(cursor) if name not in SEEDED]
        cursor.execute(sql.SQL(" UNION ALL ").join(map(sql.SQL("(SELECT 1 FROM {} LIMIT 1)").format, wanted)))
        return cursor.fetchone() is None


def _tables(cursor: CursorWrapper) -> list[str]:
    """Return the names of all tables but those that tell what the schema is; a partition goes with its table."""
    cursor.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = format('%%I.%%I', schemaname, tablename)::regclass)",
        [list(KEPT)],
    )
    return [row[0] for row in cursor.fetchall()]


def _empty() -> None:
    """Empty every table but those that tell what the schema is."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        names = _tables(cursor)
        # A hypertable does not take DISABLE TRIGGER; all of this is one transaction.
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgname LIKE '%\\_no\\_truncate'"
        )
        refusals = cursor.fetchall()
        for trigger, table, _ in refusals:
            cursor.execute(f"DROP TRIGGER {trigger} ON {table}")
        cursor.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in names if name != "audit_logs"))
        if connections["owner"].tier is Tier.TIMESCALE:  # type: ignore[attr-defined]
            # What is rolled up lives in tables of the extension's own.
            cursor.execute(
                "SELECT format('%I.%I', view_schema, view_name) FROM timescaledb_information.continuous_aggregates"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"TRUNCATE {name}")
        # The log goes last: putting the tenant back leaves an image in it.
        cursor.execute("INSERT INTO tenants (slug, name) VALUES ('default', 'Default')")
        cursor.execute(FIRST_MAPPINGS)
        KEPT_FOR.seed(apps, connections["owner"].schema_editor())
        cursor.execute("TRUNCATE audit_logs")
        for _, _, refusal in refusals:
            cursor.execute(refusal)


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Do the block as another database role, inside the test's transaction."""
    path = "series, public" if role == "omega_portal" else "public"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('search_path')")
            before = cursor.fetchone()
            cursor.execute("SELECT set_config('role', %s, true), set_config('search_path', %s, true)", [role, path])
        # After an error the rollback brings the role back.
        yield
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, true), set_config('search_path', %s, true)", list(before))


def url() -> str:
    """Return the URL of this run's database as its owner; processes derive those of their roles."""
    settings = connections["owner"].settings_dict
    return f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
