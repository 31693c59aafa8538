"""What must exist before the first table: the extension and the database roles."""

import json
import logging
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction
from psycopg.conninfo import conninfo_to_dict

from apps.core.sql import sql_text

if TYPE_CHECKING:
    from apps.core.timescale.base import DatabaseWrapper

log = logging.getLogger(__name__)
ATTEMPTS = 5


def prepare_database(connection: "DatabaseWrapper") -> None:
    """Create extension and roles, each only where missing; safe to run again and by several at once."""
    _create_extension(connection)
    ensure_roles(connection, reset_passwords=False)


def _create_extension(connection: "DatabaseWrapper") -> None:
    """Create timescaledb where the server has it and lets us; otherwise the plain tier serves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'timescaledb'")
        row = cursor.fetchone()
        if row is None or row[0] is not None:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        except DatabaseError as error:
            log.warning("timescaledb cannot be created here, using plain PostgreSQL: %s", error)


def ensure_roles(connection: "DatabaseWrapper", *, reset_passwords: bool) -> None:
    """Create the database roles that are missing, through the administrator's URL where one is given.

    Roles belong to the whole server, so two databases may be prepared at the same time: the loser of a
    race tries again and finds the work done. Raises ImproperlyConfigured naming the right that is missing.
    """
    wanted = {"passwords": settings.DATABASE_ROLE_PASSWORDS, "reset": reset_passwords}
    for attempt in range(ATTEMPTS):
        try:
            _run_roles_sql(connection, json.dumps(wanted))
            return
        except (DatabaseError, psycopg.Error) as error:
            if "permission denied" in str(error) or "must have" in str(error):
                raise ImproperlyConfigured(
                    "DATABASE_URL: its role may not create the portal's database roles. It needs CREATEROLE, or give"
                    f" DATABASE_ADMIN_URL (used for this alone). The server said: {str(error).splitlines()[0]}"
                ) from error
            if attempt == ATTEMPTS - 1:
                raise


def _run_roles_sql(connection: "DatabaseWrapper", wanted: str) -> None:
    """Run `roles.sql` once in one transaction, as administrator or as ourselves."""
    script = sql_text(__file__, "roles.sql")
    owner = str(connection.settings_dict["USER"])
    values = "SELECT set_config('omega.roles', %s, true), set_config('omega.owner', %s, true)"
    if settings.DATABASE_ADMIN_URL:
        with psycopg.connect(**admin_connection(str(connection.settings_dict["NAME"]))) as admin:
            admin.execute(values, (wanted, owner))
            admin.execute(script)
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(values, (wanted, owner))
        cursor.execute(script)


def admin_connection(name: str) -> dict[str, Any]:
    """How the administrator connects to database `name`; an sslmode in the URL goes before DATABASE_TLS."""
    given = conninfo_to_dict(settings.DATABASE_ADMIN_URL)
    return {"sslmode": settings.OMEGA.database_tls, **given, "dbname": name}
