"""Whether the services below answer."""

from django.db import DatabaseError, connection

from apps.core.live import is_redis_alive


def is_database_alive() -> bool:
    """Tell whether the database answers a trivial question right now."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def readiness() -> tuple[bool, dict[str, str]]:
    """Return whether requests can be served, and how each service is; without Redis only live updates are missing."""
    has_database = is_database_alive()
    found = {
        "database": "ok" if has_database else "unreachable",
        "redis": "ok" if is_redis_alive() else "degraded",
    }
    return has_database, found
