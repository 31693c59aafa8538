"""How long each table is kept, and what it takes on disk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.core import sql
from apps.metrics.models import RetentionPolicy
from apps.metrics.models.retention_policy import KeptTable

# For a table whose row was lost: what a new installation begins with.
USUAL_DAYS = {
    KeptTable.USAGE_METRICS: 365,
    KeptTable.USAGE_HOURLY: 1095,
    KeptTable.USAGE_DAILY: 3650,
    KeptTable.USAGE_SKETCHES: 90,
    KeptTable.METRIC_SAMPLES: 90,
    KeptTable.METRIC_HOURLY: 730,
    KeptTable.PROCESS_SNAPSHOTS: 30,
    KeptTable.NODE_HEARTBEATS: 30,
    KeptTable.INGEST_TRUST: 90,
}
# The tables whose chunks can be compressed, where the server does that.
COMPRESSIBLE = frozenset(
    {KeptTable.USAGE_METRICS, KeptTable.METRIC_SAMPLES, KeptTable.PROCESS_SNAPSHOTS, KeptTable.NODE_HEARTBEATS}
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one table; `compress_after_days` is None where nothing is compressed."""

    table_name: str
    keep_days: int
    compress_after_days: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a table that is dropped as one, and its size on disk."""

    starts: datetime
    ends: datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class Stock:
    """A table as it stands: its policy row (None when it was lost), its pieces oldest first."""

    kept: Kept
    label: str
    policy: RetentionPolicy | None
    pieces: list[Piece]

    @property
    def bytes(self) -> int:
        """Return what it takes on disk."""
        return sum(piece.bytes for piece in self.pieces)

    @property
    def oldest(self) -> datetime | None:
        """Return where its oldest piece begins; None when it is empty."""
        return self.pieces[0].starts if self.pieces else None

    @property
    def can_compress(self) -> bool:
        """Whether its pieces could be compressed at all."""
        return self.kept.table_name in COMPRESSIBLE


@dataclass(frozen=True, slots=True)
class Loss:
    """What a shorter period would drop with the next nightly run."""

    pieces: int
    bytes: int
    since: datetime | None
    until: datetime | None


def retention_of() -> dict[str, Kept]:
    """Return what is kept of every table, by its name, in the order people read them."""
    rows = {row.table_name: row for row in RetentionPolicy.objects.all()}
    return {str(table): _kept(table, rows.get(table)) for table in KeptTable}


def stock_of(table: KeptTable) -> Stock:
    """Return one table as it stands."""
    policy = RetentionPolicy.objects.filter(pk=table).first()
    return Stock(_kept(table, policy), str(table.label), policy, _pieces(table))


def stocks() -> list[Stock]:
    """Return all tables as they stand."""
    rows = {row.table_name: row for row in RetentionPolicy.objects.all()}
    return [Stock(_kept(t, rows.get(t)), str(t.label), rows.get(t), _pieces(t)) for t in KeptTable]


def loss_of(pieces: list[Piece], keep_days: int, now: datetime) -> Loss:
    """Return what goes when only so many days are kept: the pieces that lie wholly before."""
    cutoff = now - timedelta(days=keep_days)
    gone = [piece for piece in pieces if piece.ends <= cutoff]
    size = sum(piece.bytes for piece in gone)
    return Loss(len(gone), size, gone[0].starts if gone else None, gone[-1].ends if gone else None)


def server_compresses() -> bool:
    """Tell whether the server has the columnstore, which only the licensed edition of TimescaleDB offers."""
    return str(connection.tier) == "timescale"  # type: ignore[attr-defined]


def _kept(table: KeptTable, row: RetentionPolicy | None) -> Kept:
    """Return a table's row, or what is usual."""
    return Kept(str(table), row.keep_days, row.compress_after_days) if row else Kept(str(table), USUAL_DAYS[table])


def _pieces(table: KeptTable) -> list[Piece]:
    """Return a table's pieces, oldest first."""
    return [Piece(**row) for row in sql.fetch_all(__file__, "kept_pieces.sql", {"table": str(table)})]
