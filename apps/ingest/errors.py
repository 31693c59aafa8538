"""Refusals only the ingest door knows; each becomes a JSON answer with its status."""

import random

from apps.core.errors import PortalError

RETRY_SECONDS = (2, 8)


class SlowBody(PortalError):
    """The body did not arrive in time."""

    status = 408


class NotAllowed(PortalError):
    """The address exists, but not for this method."""

    status = 405


class Unstorable(PortalError):
    """The database can never take this data: sending it again would not help."""

    status = 422


class Unavailable(PortalError):
    """Nothing was stored, through no fault of the sender; the same request is welcome later."""

    status = 503

    def __init__(self, code: str, detail: str) -> None:
        """Choose a wait that differs between senders, so that a fleet does not come back at once."""
        super().__init__(code, detail)
        self.retry_after = random.randint(*RETRY_SECONDS)  # noqa: S311


class KeptWaiting(Unavailable):
    """The database is there, but something in it held up the work for too long.

    `held` are the places in a group of those whose own rows are known to be locked; empty where nobody looked.
    """

    held: frozenset[int] = frozenset()


def kept_waiting(held: frozenset[int] = frozenset()) -> KeptWaiting:
    """Return the refusal for work that waited too long for somebody else's locks."""
    error = KeptWaiting("unavailable", "The database is held up at the moment; nothing was stored.")
    error.held = held
    return error


def unavailable() -> Unavailable:
    """Return the refusal for trouble with the database."""
    return Unavailable("unavailable", "The database does not take data at the moment; nothing was stored.")


def unstorable() -> Unstorable:
    """Return the refusal for values that passed every check here and that the database refuses all the same."""
    return Unstorable("unstorable", "The database does not take a value of this request; nothing was stored.")


def busy() -> Unavailable:
    """Return the refusal for more work at once than this process takes on."""
    return Unavailable("busy", "Too many requests are in progress; nothing was stored.")
