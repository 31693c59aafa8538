"""What the server offers for time series, asked once instead of tried and caught."""

from enum import StrEnum

from django.db import connections
from django.db.backends.utils import CursorWrapper


class Tier(StrEnum):
    """The three kinds of server; the values are the ones told to operators."""

    TIMESCALE = "timescale"
    APACHE = "timescale-apache"
    POSTGRESQL = "postgresql"

    @property
    def has_hypertables(self) -> bool:
        """Whether TimescaleDB partitions tables; otherwise native partitions do."""
        return self is not Tier.POSTGRESQL


def read_tier(cursor: CursorWrapper) -> Tier:
    """Return the tier of the database the cursor is connected to."""
    cursor.execute(
        "SELECT count(*), coalesce(current_setting('timescaledb.license', true), '')"
        " FROM pg_extension WHERE extname = 'timescaledb'"
    )
    installed, licence = cursor.fetchone()
    if not installed:
        return Tier.POSTGRESQL
    return Tier.TIMESCALE if licence == "timescale" else Tier.APACHE


def tier_of(using: str = "default") -> Tier:
    """Return the tier of the database behind a connection."""
    found: Tier = connections[using].tier  # type: ignore[attr-defined]
    return found
