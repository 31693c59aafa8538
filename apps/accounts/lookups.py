"""The few reads that happen before anybody is known: who a session, an e-mail, an identity or a token belongs to.

Each asks a function of the database's schema `lookups`, which sees every row; nothing else may be read without a
context. Each returns the row, or None where there is none.
"""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from apps.accounts.models import ApiToken, Invitation, User, WebSession
from apps.core.sql import fetch_columns, sql_text
from apps.core.text import is_storable

Row = TypeVar("Row", bound=Model)
MIDDLE = "then"


def user_by_id(user_id: UUID | str) -> User | None:
    """Return the person of a session or token; None for people of a closed tenant."""
    return _row(User, "user_by_id.sql", user_id=str(user_id))


def user_by_email(email: str) -> User | None:
    """Return the person with this e-mail, whatever its case."""
    return _row(User, "user_by_email.sql", email=email)


def user_by_identity(issuer: str, subject: str) -> User | None:
    """Return the person whom an identity provider knows under this subject."""
    return _row(User, "user_by_identity.sql", issuer=issuer, subject=subject)


def web_session_by_digest(digest: str) -> WebSession | None:
    """Return the web session of a cookie's SHA-256 (hex), whatever became of it."""
    return _row(WebSession, "web_session_by_digest.sql", digest=digest)


def token_with_person(key_id: str) -> tuple[ApiToken, User | None] | None:
    """Return a personal token, whatever became of it, and its person, None for people of a closed tenant.

    The digest is for the caller to compare. One question for both: every request of a program asks it.
    """
    if not is_storable(key_id):
        return None
    names, rows = fetch_columns(__file__, "token_with_person.sql", {"key_id": key_id})
    if not rows:
        return None
    middle, values = names.index(MIDDLE), list(rows[0])
    token = _made(ApiToken, names[:middle], values[:middle])
    person = _made(User, names[middle + 1 :], values[middle + 1 :])
    return token, person if person.pk else None


def invitation_by_key_id(key_id: str) -> Invitation | None:
    """Return an invitation, whatever became of it; its digest is for the caller to compare."""
    return _row(Invitation, "invitation_by_key_id.sql", key_id=key_id)


def _made(model: type[Row], columns: list[str], values: list[Any]) -> Row:
    """Return a row from its columns, of which all that the model knows must be there."""
    known = dict(zip(columns, values, strict=True))
    fields = model._meta.concrete_fields
    return model.from_db("default", [field.attname for field in fields], [known[str(field.column)] for field in fields])


def _row(model: type[Row], name: str, **wanted: str) -> Row | None:
    """Return the one row that a look-up finds; text that the database cannot hold finds none."""
    if not all(is_storable(value) for value in wanted.values()):
        return None
    return next(iter(model._default_manager.raw(sql_text(__file__, name), wanted)), None)
