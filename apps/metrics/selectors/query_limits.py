"""Bounds on what one question may cost the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from psycopg.errors import QueryCanceled

from apps.core import sql
from apps.core.errors import Invalid
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.selectors.retention_policy import USUAL_DAYS

LONGEST = "15s"


@contextmanager
def bounded(samples: KeptTable, now: datetime, longest: str = LONGEST, *, is_last: bool = False) -> Iterator[datetime]:
    """Give the web process's statements fifteen seconds each; the block gets the time since which samples are kept.

    The bound goes with the caller's transaction. Raises Invalid `too_expensive` for a statement that takes longer; the
    transaction stays usable, unless this `is_last` in it: that saves two round trips.
    """
    try:
        with transaction.atomic(savepoint=not is_last):
            row = sql.fetch_all(__file__, "query_begin.sql", {"timeout": longest, "samples": str(samples)})[0]
            yield now - timedelta(days=row["keep_days"] or USUAL_DAYS[samples])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            detail = f"This took longer than {longest}. Ask for fewer subjects, a shorter span or larger steps."
            raise Invalid("too_expensive", detail, field="step") from None
        raise
