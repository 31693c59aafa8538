"""Errors that a door can turn into an answer: each carries a code, a sentence, and what it is about."""

from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege


class PortalError(Exception):
    """Base of the errors a person or an agent may see; `status` is the HTTP status a door answers."""

    status = 400

    def __init__(self, code: str, detail: str, *, field: str | None = None, index: int | None = None) -> None:
        """Take a stable code, a sentence for people, and the field or list index it concerns."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.index = index

    def as_json(self) -> dict[str, str | int]:
        """Return {code, detail, field?, index?}."""
        found: dict[str, str | int | None] = {
            "code": self.code,
            "detail": self.detail,
            "field": self.field,
            "index": self.index,
        }
        return {name: value for name, value in found.items() if value is not None}


class Invalid(PortalError):
    """The input cannot be accepted."""


class Unauthenticated(PortalError):
    """No valid credentials came with the request."""

    status = 401


class Forbidden(PortalError):
    """The credentials are valid but do not allow this."""

    status = 403


class NotFound(PortalError):
    """There is no such thing, or it is not visible to the asker."""

    status = 404


class Conflict(PortalError):
    """The thing is not in a state that allows this."""

    status = 409


class TooLarge(PortalError):
    """The body, or what it holds, is more than one request may carry."""

    status = 413


class UnsupportedEncoding(PortalError):
    """The body is packed in a way this door does not unpack."""

    status = 415


def is_refused_by_database(error: BaseException) -> bool:
    """Tell whether the database itself refused: the second fence, behind a permission that let somebody through."""
    return isinstance(error, ProgrammingError) and isinstance(error.__cause__, InsufficientPrivilege)


class Throttled(PortalError):
    """Too many attempts; `retry_after` says in how many seconds to come again."""

    status = 429

    def __init__(self, code: str, detail: str, *, retry_after: int) -> None:
        """Take the wait in whole seconds."""
        super().__init__(code, detail)
        self.retry_after = retry_after
