"""Do the roles that serve stand under the rules for rows? Errors 50 to 59, asked of the database itself."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.db import DatabaseError, InterfaceError

from apps.core.checks.findings import error
from apps.core.sql import fetch_all

WRONG: Final = {
    "is_superuser": (50, "is a superuser, whom no policy binds", "ALTER ROLE {role} NOSUPERUSER"),
    "bypasses_rows": (51, "bypasses row-level security", "ALTER ROLE {role} NOBYPASSRLS"),
    "owns_tables": (52, "owns tables, and could lift their policies", "REASSIGN OWNED BY {role} TO the owner's role"),
    "belongs_above": (53, "is a member of a role above the rules", "REVOKE that membership from {role}"),
}


def serving_roles_check(app_configs: Sequence[Any] | None, **options: Any) -> list[CheckMessage]:
    """Return what raises a serving role above the rules; says so where the database cannot be asked."""
    roles = sorted({unquote(urlsplit(url).username or "") for url in settings.DATABASE_ROLE_URLS.values()})
    try:
        return list(role_findings(fetch_all(__file__, "serving_roles.sql", {"roles": roles})))
    except (DatabaseError, InterfaceError) as trouble:
        words = str(trouble).splitlines()[0]
        return [checks.Info(f"The database was not asked about its roles: {words}", id="omega.I050")]


def role_findings(rows: list[dict[str, Any]]) -> Iterator[CheckMessage]:
    """Yield what is wrong with each role."""
    for row in rows:
        for fault, (number, wrong, change) in WRONG.items():
            if row[fault]:
                role = str(row["role"])
                yield error(number, f"The database role {role} {wrong}.", change.format(role=role))
