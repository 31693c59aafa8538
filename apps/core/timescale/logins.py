"""People's own log-ins at the database server: made and ended by the owner."""

import json
from typing import Final

from django.db import connections, transaction

from apps.core.sql import sql_text

GROUPS: Final = ("omega_admin", "omega_operator", "omega_user", "analyst", "omega_readonly", "dashboard_readonly")


def create_login(*, name: str, group: str, password: str) -> None:
    """Make a role that may log in and belongs to one of `GROUPS`; raises ProgrammingError when the name is taken."""
    _run("create_login.sql", {"name": name, "group": group, "password": password})


def drop_login(*, name: str) -> None:
    """Lock such a role, end its sessions and remove it; may be done again after it failed half way.

    Raises ProgrammingError when there is none.
    """
    _run("lock_login.sql", {"name": name})
    _run("drop_login.sql", {"name": name})


def login_exists(*, name: str) -> bool:
    """Tell whether the server knows such a role."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        return cursor.fetchone() is not None


def _run(script: str, wanted: dict[str, str]) -> None:
    """Run a script as the owner, with what it needs as a setting of its transaction."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('omega.login', %s, true)", [json.dumps(wanted)])
        cursor.execute(sql_text(__file__, script))
