"""The whole fleet at this moment: a page of nodes with their newest vitals, and the overview's figures."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Avg, Count, FloatField, Max, Q, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from apps.core.paging import KeysetPage, decode_cursor, encode_cursor
from apps.metrics.models import NodeLatest
from apps.metrics.paging import Order
from apps.nodes.models import Node, NodeStatus
from apps.nodes.rules import is_stale
from apps.nodes.selectors import NodeFilters, matching_nodes

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node with its newest vitals, and whether they are too old to be called its present."""

    node: Node
    latest: NodeLatest | None
    is_stale: bool


def fleet_page(
    filters: NodeFilters, sort: str, after: str | None, *, now: datetime, limit: int = PAGE_SIZE
) -> KeysetPage[NodeRow]:
    """Return one page of nodes in one statement; raises Invalid for a bad sort, BadCursor for a bad cursor."""
    order = Order.parse(sort)
    nodes = matching_nodes(filters).select_related("latest").annotate(sort_key=order.key())
    cursor = decode_cursor(after, order.name, 2) if after else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        nodes = nodes.filter(order.beyond(cursor))
    found = list(nodes.order_by(*order.terms(backwards=backwards))[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [[_plain(node.sort_key), str(node.pk)] for node in (found[0], found[-1])] if found else []
    return KeysetPage(
        [NodeRow(node, getattr(node, "latest", None), is_stale(node.silent_after, now)) for node in found],
        encode_cursor(order.name, ends[1]) if ends and (has_more or backwards) else None,
        encode_cursor(order.name, ends[0], backwards=True) if ends and cursor and (has_more or not backwards) else None,
    )


def _plain(value: object) -> object:
    """Return a sort value as a JSON scalar."""
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class FleetCell:
    """One node on the heat map."""

    node_id: UUID
    hostname: str
    status: str
    cpu_percent: float | None
    ram_percent: float | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class FleetNow:
    """The fleet's figures, over nodes whose values are fresh; `as_of` is the newest of them."""

    as_of: datetime | None
    reporting: int
    avg_cpu_percent: float | None
    avg_ram_percent: float | None
    used_memory_gb: float
    total_memory_gb: float
    busy_cores: float
    total_cores: int
    cells: list[FleetCell]


def fleet_now(*, now: datetime, max_cells: int = 1000) -> FleetNow:
    """Return the overview's figures in two statements."""
    fresh = NodeLatest.objects.filter(node__status=NodeStatus.ACTIVE, node__silent_after__gte=now)
    figures = fresh.aggregate(
        as_of=Max("at"),
        reporting=Count("pk"),
        cpu=Avg("cpu_percent"),
        ram=Avg("ram_percent"),
        used=Sum("ram_used_gb"),
        memory=Sum("node__total_memory_gb", filter=Q(ram_used_gb__isnull=False)),
        cores=Sum("node__total_cpu_cores", filter=Q(cpu_percent__isnull=False)),
        busy=Sum(_core_share()),
    )
    return FleetNow(
        as_of=figures["as_of"],
        reporting=figures["reporting"],
        avg_cpu_percent=figures["cpu"],
        avg_ram_percent=figures["ram"],
        used_memory_gb=figures["used"] or 0.0,
        total_memory_gb=figures["memory"] or 0.0,
        busy_cores=figures["busy"] or 0.0,
        total_cores=figures["cores"] or 0,
        cells=_cells(now, max_cells),
    )


def _core_share() -> Combinable:
    """Return how many of its cores a node keeps busy."""
    return Cast("cpu_percent", FloatField()) * Cast("node__total_cpu_cores", FloatField()) / Value(100.0)


def _cells(now: datetime, limit: int) -> list[FleetCell]:
    """Return one cell per node in service, by host name."""
    shown = Node.objects.exclude(status__in=(NodeStatus.RETIRED, NodeStatus.PENDING)).order_by("hostname", "id")
    columns = ("id", "hostname", "status", "silent_after", "latest__cpu_percent", "latest__ram_percent")
    return [
        FleetCell(node_id, hostname, status, cpu, ram, is_stale(silent_after, now))
        for node_id, hostname, status, silent_after, cpu, ram in shown.values_list(*columns)[:limit]
    ]
