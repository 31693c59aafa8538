"""People's own log-ins at the database: the role, and the row that says whose rows it sees."""

import re
import secrets
from typing import Final

from django.db import ProgrammingError, transaction

from apps.accounts.models import DatabaseLogin, Tenant, User
from apps.audit.models import Category
from apps.audit.services import record
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.timescale.logins import GROUPS, create_login, drop_login

NAME: Final = re.compile(r"[a-z][a-z0-9_]{2,62}")
OWN_ROWS_ONLY: Final = "omega_user"
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
    """End a log-in made by `open_database_login`; raises NotFound for any other role."""
    with transaction.atomic():
        if not DatabaseLogin.objects.filter(role_name=name).delete()[0]:
            raise NotFound("no_login", f"{name} is no log-in that was opened here.")
        _record("DATABASE_LOGIN_CLOSED", name)
        drop_login(name=name)


def _check(name: str, group: str, user: User | None) -> None:
    """Refuse names that could be mistaken for the portal's roles, unknown groups, and a USER who is nobody."""
    if not NAME.fullmatch(name) or name.startswith(RESERVED) or name in GROUPS:
        raise Invalid("bad_name", "A name is 3 to 63 of a-z, 0-9 and _, from a letter on, not omega_…", field="name")
    if group not in GROUPS:
        raise Invalid("unknown_group", f"Choose one of {', '.join(GROUPS)}.", field="group")
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
