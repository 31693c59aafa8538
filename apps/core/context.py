"""Who acts, for which tenants, in which request: known to Python and to every transaction.

`acting(context)` binds the context to the running request or task. The database backend sends it as
transaction-local settings (`omega.*`) at the start of every outermost transaction, so triggers and row
policies know it. Nothing is ever set for a whole connection: that would leak to its next user.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace

from django.db import connection


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The actor and the circumstances of one piece of work; empty strings where there is none."""

    user_id: str = ""
    user_email: str = ""
    user_role: str = ""
    tenant_ids: str = ""
    request_id: str = ""
    reason: str = ""
    ip_address: str = ""
    user_agent: str = field(default="", repr=False)

    def settings(self) -> dict[str, str]:
        """Return the transaction-local settings that carry this context, NUL-free as PostgreSQL wants."""
        names = {"user_role": "role"}
        return {f"omega.{names.get(f.name, f.name)}": getattr(self, f.name).replace("\x00", "") for f in fields(self)}


SYSTEM, AGENT = "SYSTEM", "AGENT"
ALL_TENANTS = "all"
NOBODY = RequestContext()
_context: ContextVar[RequestContext] = ContextVar("omega_context", default=NOBODY)


def current() -> RequestContext:
    """Return the context in force, `NOBODY` outside any."""
    return _context.get()


@contextmanager
def acting(context: RequestContext) -> Iterator[RequestContext]:
    """Put a context in force for the block, also inside a transaction that is already open."""
    token = _context.set(context)
    _tell_open_transaction(context)
    try:
        yield context
    finally:
        _context.reset(token)
        _tell_open_transaction(_context.get())


@contextmanager
def because(reason: str) -> Iterator[RequestContext]:
    """Give the reason of what the block does, as a person wrote it."""
    with acting(replace(current(), reason=reason)) as context:
        yield context


def as_system(email: str = "", user_id: str = "") -> RequestContext:
    """Return the current circumstances with the rights of the portal itself, which sees every row.

    For what the portal does of its own accord or before anybody is known: signing people in, ending their sessions.
    """
    return replace(current(), user_id=user_id, user_email=email, user_role=SYSTEM, tenant_ids=ALL_TENANTS)


def as_agent(hostname: str, tenant_id: object) -> RequestContext:
    """Return the current circumstances with a machine acting: it sees the rows of its tenant, and is no person."""
    return replace(current(), user_id="", user_email=hostname, user_role=AGENT, tenant_ids=str(tenant_id))


def _tell_open_transaction(context: RequestContext) -> None:
    """Send the context to a transaction that began before it; a broken one can no longer be told."""
    if connection.in_atomic_block and not connection.needs_rollback:
        send_context = getattr(connection, "send_context", None)
        if send_context:
            send_context(context)
