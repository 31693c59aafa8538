"""People's own log-ins at the database: the role, and the row that says whose rows it sees."""

import re
import secrets
from typing import Final

from django.db import ProgrammingError, transaction

from apps.accounts.models import DatabaseLogin, Tenant, User
from apps.accounts.permissions import Role
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.timescale.logins import GROUPS, create_login, drop_login, login_exists

NAME: Final = re.compile(r"[a-z][a-z0-9_]{2,62}")
OWN_ROWS_ONLY: Final = "omega_user"
# The roles of the portal that may have a log-in of a group; `login_scope()` asks it again at every statement.
REACH: Final = {
    "omega_admin": {Role.ADMIN},
    "omega_operator": {Role.ADMIN, Role.DEVOPS},
    "analyst": {Role.ADMIN, Role.DEVOPS, Role.ANALYST},
}
RESERVED: Final = ("omega_", "pg_")


def open_database_login(*, name: str, group: str, user: User | None, tenant: Tenant | None) -> str:
    """Make a log-in that sees the rows of one person's tenant, of a tenant, or of all; returns its password.

    Raises Invalid naming the field, and Conflict when the name is taken. A log-in of `omega_user` needs its person.
    """
    _check(name, group, user)
    password = secrets.token_urlsafe(24)
    scope = tenant or (user.tenant if user else None)
    with transaction.atomic():
        DatabaseLogin.objects.create(role_name=name, user=user, tenant=scope, all_tenants=scope is None)
        _record("DATABASE_LOGIN_OPENED", name, group=group)
        try:
            create_login(name=name, group=group, password=password)
        except ProgrammingError as error:
            if "already exists" in str(error):
                raise Conflict("role_exists", f"There is a database role {name} already.", field="name") from None
            raise
    return password


def close_database_login(*, name: str) -> None:
    """End a log-in made by `open_database_login`, with its sessions; raises NotFound for any other role.

    The role goes first: should that fail half way, its row is still there to try again.
    """
    login = DatabaseLogin.objects.filter(role_name=name)
    if not login.exists():
        raise NotFound("no_login", f"{name} is no log-in that was opened here.")
    if login_exists(name=name):
        drop_login(name=name)
    with transaction.atomic():
        login.delete()
        _record("DATABASE_LOGIN_CLOSED", name)


def _check(name: str, group: str, user: User | None) -> None:
    """Refuse names that could be mistaken for the portal's roles, unknown groups, and a USER who is nobody."""
    if not NAME.fullmatch(name) or name.startswith(RESERVED) or name in GROUPS:
        raise Invalid("bad_name", "A name is 3 to 63 of a-z, 0-9 and _, from a letter on, not omega_…", field="name")
    if group not in GROUPS:
        raise Invalid("unknown_group", f"Choose one of {', '.join(GROUPS)}.", field="group")
    if user is not None and group in REACH and user.role not in REACH[group]:
        raise Invalid("beyond_role", f"{group} reaches further than the role {user.role}.", field="group")
    if group == OWN_ROWS_ONLY and user is None:
        raise Invalid("person_needed", "omega_user sees the rows of one person; say whose.", field="user")
    if DatabaseLogin.objects.filter(role_name=name).exists():
        raise Conflict("role_exists", f"There is a log-in {name} already.", field="name")


def _record(action: str, name: str, **details: str) -> None:
    """Record what happened to a log-in."""
    record(
        action=action, category=Category.CONFIG, resource_type="database_login", resource_id=name, resource_name=name,
        details=details or None,
    )  # fmt: skip
