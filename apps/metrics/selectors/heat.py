"""One vital of the whole fleet at this moment: a page of cells, and what holds for all nodes that match."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Avg, Case, Count, F, FloatField, Max, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from apps.core.paging import KeysetPage, decode_cursor, encode_cursor
from apps.metrics.paging import Order
from apps.nodes.models import Node, NodeStatus
from apps.nodes.rules import is_stale
from apps.nodes.selectors import NodeFilters, matching_nodes

PAGE_SIZE = 600
TENTHS = 10
LAST = -1e9


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One node and its newest value of a vital; None where it never sent one."""

    node_id: UUID
    hostname: str
    status: str
    value: float | None
    at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class HeatSummary:
    """All nodes that match; average, greatest and `tenths` (nodes from 0, 10, … 90 on) are of fresh values only."""

    nodes: int
    reporting: int
    as_of: datetime | None
    average: float | None
    greatest: float | None
    tenths: tuple[int, ...]


def heat_page(
    filters: NodeFilters, vital: str, after: str | None, *, by_value: bool, now: datetime, limit: int = PAGE_SIZE
) -> KeysetPage[HeatCell]:
    """Return one page of cells in one statement, by host name or from the greatest value down.

    Nodes that wait for approval are shown only when asked for. Raises BadCursor for a bad cursor.
    """
    order = Order(vital, is_descending=True) if by_value else Order("hostname", is_descending=False)
    nodes = _shown(filters).annotate(sort_key=_present(order, now) if by_value else order.key())
    cursor = decode_cursor(after, order.name, 2) if after else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        nodes = nodes.filter(order.beyond(cursor))
    columns = ("sort_key", "id", "hostname", "status", f"latest__{vital}", "latest__at", "silent_after")
    found = list(nodes.order_by(*order.terms(backwards=backwards)).values_list(*columns)[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [[row[0], str(row[1])] for row in (found[0], found[-1])] if found else []
    return KeysetPage(
        [_cell(row, now) for row in found],
        encode_cursor(order.name, ends[1]) if ends and (has_more or backwards) else None,
        encode_cursor(order.name, ends[0], backwards=True) if ends and cursor and (has_more or not backwards) else None,
    )


def heat_summary(filters: NodeFilters, vital: str, *, now: datetime) -> HeatSummary:
    """Return what holds for all nodes that match, in one statement."""
    value = Cast(f"latest__{vital}", FloatField())
    fresh = Q(silent_after__gte=now, **{f"latest__{vital}__isnull": False})
    tenths = {
        f"tenth_{n}": Count("pk", filter=fresh & Q(value__gte=n * TENTHS if n else -1e9, **_below(n)))
        for n in range(TENTHS)
    }
    found = (
        _shown(filters)
        .annotate(value=value)
        .aggregate(
            nodes=Count("pk"),
            reporting=Count("pk", filter=fresh),
            as_of=Max(F("latest__at"), filter=fresh),
            average=Avg("value", filter=fresh),
            greatest=Max("value", filter=fresh),
            **tenths,
        )
    )
    counts = tuple(found.pop(name) for name in tenths)
    return HeatSummary(**found, tenths=counts)


def _present(order: Order, now: datetime) -> Case:
    """Return the sort value of a node that is heard of; the others come last."""
    return Case(When(silent_after__gte=now, then=order.key()), default=Value(LAST), output_field=FloatField())


def _cell(row: tuple[Any, ...], now: datetime) -> HeatCell:
    """Return the cell of a row of `heat_page`."""
    _, node_id, hostname, status, value, at, silent_after = row
    return HeatCell(node_id, hostname, status, value, at, is_stale(silent_after, now))


def _below(n: int) -> dict[str, float]:
    """Return the upper bound of a tenth; the last has none."""
    return {"value__lt": (n + 1) * TENTHS} if n < TENTHS - 1 else {}


def _shown(filters: NodeFilters) -> QuerySet[Node]:
    """Return the nodes that match; those that wait for approval measure nothing yet."""
    nodes = matching_nodes(filters)
    return nodes if filters.status else nodes.exclude(status=NodeStatus.PENDING)
