"""What nodes say right now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.metrics.models import NodeLatest, ProcessSnapshot
from apps.nodes.models import Node


def latest_of(node_ids: Iterable[UUID]) -> dict[UUID, NodeLatest]:
    """Return the newest vitals by node; nodes that never sent any are missing."""
    return {row.node_id: row for row in NodeLatest.objects.filter(node__in=list(node_ids))}


@dataclass(frozen=True, slots=True)
class ProcessList:
    """The top processes of a node at one moment; `at` is None when none were ever sent."""

    at: datetime | None
    rows: list[ProcessSnapshot]


def processes_of(node: Node) -> ProcessList:
    """Return the newest snapshot of a node's processes, busiest first."""
    snapshots = ProcessSnapshot.objects.filter(node=node)
    at = snapshots.order_by("-timestamp").values_list("timestamp", flat=True).first()
    rows = list(snapshots.filter(timestamp=at).order_by("-cpu_percent", "-rss_mb", "pid")) if at else []
    return ProcessList(at, rows)
