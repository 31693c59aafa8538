"""The state of the whole installation in one hash of Redis, `cluster:state`, for programs that look there."""

from datetime import datetime
from typing import Final

from django.db.models import Avg, Count

from apps.core.cache import shared
from apps.metrics.models import NodeLatest
from apps.nodes.models import NodeStatus
from apps.nodes.selectors import status_counts

KEY: Final = "cluster:state"
# Six times as long as until the next: whoever finds nothing knows that nobody keeps it.
SECONDS: Final = 30.0


def tell_cluster_state(*, now: datetime) -> int:
    """Write nodes by status (`nodes_<status>`), nodes reporting, averages over them, and `as_of`; returns the nodes.

    Averages are empty while nobody reports. Without Redis nothing happens.
    """
    counts = status_counts()
    fresh = NodeLatest.objects.filter(node__status=NodeStatus.ACTIVE, node__silent_after__gte=now)
    found = fresh.aggregate(reporting=Count("pk"), cpu=Avg("cpu_percent"), ram=Avg("ram_percent"))
    state = {f"nodes_{status}": str(count) for status, count in counts.items()}
    state |= {"nodes_total": str(sum(counts.values())), "nodes_reporting": str(found["reporting"])}
    state |= {"avg_cpu_percent": _text(found["cpu"]), "avg_ram_percent": _text(found["ram"])}
    shared.put_hash(KEY, state | {"as_of": now.isoformat()}, SECONDS)
    return sum(counts.values())


def _text(average: float | None) -> str:
    """Return an average with two digits, empty where there is none."""
    return "" if average is None else f"{average:.2f}"
