"""The orders in which nodes can be listed with their newest vitals, and the keyset for each."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, FloatField, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from apps.core.errors import Invalid
from apps.core.paging import BadCursor, Cursor, aware_time
from apps.metrics.vitals import VITALS

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
TEXT_COLUMNS = ("hostname", "name", "status", "node_type", "region", "agent_version")
VITAL_COLUMNS = (
    "cpu_percent",
    "ram_percent",
    "disk_percent",
    "gpu_utilization",
    "net_recv_mb_s",
    "net_sent_mb_s",
    "load_1m",
)
SORTS = (*TEXT_COLUMNS, *VITAL_COLUMNS, "last_heartbeat")


@dataclass(frozen=True, slots=True)
class Order:
    """One column and a direction; the node's id settles ties."""

    column: str
    is_descending: bool

    @classmethod
    def parse(cls, text: str) -> "Order":
        """Read `column` or `-column`; raises Invalid for a column that cannot be sorted by."""
        column = text.removeprefix("-")
        if column not in SORTS:
            raise Invalid("bad_sort", f"Cannot sort by “{column[:40]}”.", field="sort")
        return cls(column, text.startswith("-"))

    @property
    def name(self) -> str:
        """Return the text this order was read from."""
        return f"{'-' if self.is_descending else ''}{self.column}"

    def key(self) -> Combinable:
        """Return the sort value; a node without one stands where the smallest value does."""
        if self.column in VITALS:
            return Coalesce(Cast(f"latest__{self.column}", FloatField()), Value(-1.0))
        if self.column == "last_heartbeat":
            return Coalesce(F("last_heartbeat"), Value(LONG_AGO))
        return F(self.column)

    def terms(self, *, backwards: bool) -> tuple[str, str]:
        """Return the ORDER BY terms for reading forwards or backwards."""
        sign = "-" if self.is_descending != backwards else ""
        return f"{sign}sort_key", f"{sign}id"

    def beyond(self, cursor: Cursor) -> Q:
        """Return the condition for the rows on the far side of a cursor; raises BadCursor."""
        try:
            key, row_id = self._typed(cursor.values[0]), UUID(str(cursor.values[1]))
        except (TypeError, ValueError, OverflowError):
            raise BadCursor from None
        side = "lt" if self.is_descending != cursor.backwards else "gt"
        return Q(**{f"sort_key__{side}": key}) | Q(sort_key=key, **{f"id__{side}": row_id})

    def _typed(self, value: Any) -> Any:
        """Return a cursor's value in the type of the column."""
        if self.column == "last_heartbeat":
            return aware_time(value)
        return float(value) if self.column in VITALS else str(value)
