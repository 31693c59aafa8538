"""Bounds on what one question may cost the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from apps.core import sql
from apps.core.errors import Invalid

LONGEST = "15s"


@contextmanager
def bounded() -> Iterator[None]:
    """Give every statement of the block fifteen seconds, within the caller's transaction and no longer than the block.

    Raises Invalid `too_expensive` for one that takes longer; the transaction stays usable.
    """
    try:
        with transaction.atomic():
            before = _limit(LONGEST, "off")
            yield
            _limit(before["before"], before["jit_before"])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            detail = f"This took longer than {LONGEST}. Ask for fewer subjects, a shorter span or larger steps."
            raise Invalid("too_expensive", detail, field="step") from None
        raise


def _limit(timeout: str, jit: str) -> dict[str, str]:
    """Set the limits for the rest of the transaction; returns those in force before."""
    row: dict[str, str] = sql.fetch_all(__file__, "query_limits.sql", {"timeout": timeout, "jit": jit})[0]
    return row
