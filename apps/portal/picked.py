"""Nodes that an address names, to be seen side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from apps.core.errors import Invalid
from apps.metrics.selectors.query import Aggregation, Selector, Window, instant
from apps.nodes.models import Node, NodeStatus
from apps.nodes.selectors import NodeFilters, matching_nodes
from apps.portal.spans import Span

MOST = 4
NUMBERS = {Aggregation.AVG: "Average", Aggregation.MAX: "Greatest", Aggregation.P95: "95th percentile"}


def ids_asked(query: QueryDict) -> list[UUID]:
    """The ids in `nodes`, separated by commas or repeated, each once; raises Invalid naming the parameter."""
    texts = dict.fromkeys(text.strip() for part in query.getlist("nodes") for text in part.split(",") if text.strip())
    try:
        return list(dict.fromkeys(UUID(text) for text in texts))
    except ValueError:
        raise Invalid("bad_nodes", "A node is named by its id.", field="nodes") from None


def nodes_picked(query: QueryDict) -> list[Node]:
    """The first nodes an address names, in its order; those that are not there, or not to be seen, are left out."""
    ids = ids_asked(query)[:MOST]
    found = Node.objects.in_bulk(ids) if ids else {}
    return [found[node_id] for node_id in ids if node_id in found]


def candidates(text: str, nodes: Sequence[Node], limit: int = 12) -> list[Node]:
    """Nodes that match a search and are not picked yet, by host name."""
    found = matching_nodes(NodeFilters(text=text)).exclude(pk__in=[node.pk for node in nodes])
    return list(found.exclude(status=NodeStatus.PENDING).order_by("hostname")[:limit])


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one node's values come to over a span, and how far each number is from the first node's."""

    node: Node
    values: tuple[float | None, ...]
    differences: tuple[float | None, ...]

    @property
    def columns(self) -> list[tuple[str, float | None, float | None]]:
        """What each number is, the number, and its difference."""
        return list(zip(NUMBERS.values(), self.values, self.differences, strict=True))


def numbers(nodes: Sequence[Node], metric: str, span: Span, now: datetime) -> list[Numbers]:
    """Average, greatest and 95th percentile of a vital for each node, in their order."""
    if not nodes:
        return []
    selector = Selector(nodes=tuple(node.pk for node in nodes))
    columns = []
    for how in NUMBERS:
        answer = instant(Window(metric, span.start, span.end, selector=selector, aggregation=how), now)
        columns.append({total.subject.node_id: total.value for total in answer.totals})
    rows = [tuple(column.get(node.pk) for column in columns) for node in nodes]
    return [Numbers(node, row, tuple(map(_beyond, row, rows[0]))) for node, row in zip(nodes, rows, strict=True)]


def _beyond(value: float | None, first: float | None) -> float | None:
    """How far a number is from another; None where one is missing."""
    return None if value is None or first is None else value - first


def query_of(nodes: Sequence[Node], **more: str) -> str:
    """The part of an address that names these nodes."""
    return urlencode({"nodes": ",".join(str(node.pk) for node in nodes), **more}, safe=",")
