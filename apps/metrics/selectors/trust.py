"""How far the figures of a node can be trusted: clock, gaps, backlog, refusals, version."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, Window
from django.db.models.functions import Abs

from apps.core import sql
from apps.metrics.clock import WARN_SECONDS, Clock, clock_of, newest_version, version_key
from apps.metrics.models import IngestTrust
from apps.nodes.models import Node, NodeStatus

DAYS = 14
COVERED = timedelta(hours=24)
MOST_GAPS = 10
TIME_CODES = ("in_future", "too_old")


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which vitals were missing."""

    starts: datetime
    ends: datetime

    @property
    def seconds(self) -> float:
        """Return its length."""
        return (self.ends - self.starts).total_seconds()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How completely vitals came over the last day, or since the node is known; `gaps` are the longest."""

    since: datetime
    until: datetime
    cadence_seconds: float
    samples: int
    gap_count: int
    missing_seconds: float
    gaps: list[Gap]

    @property
    def percent(self) -> float:
        """Return which part of the time is covered, 0 to 100."""
        span = (self.until - self.since).total_seconds()
        return max(0.0, 100.0 * (1.0 - self.missing_seconds / span)) if self.samples and span > 0 else 0.0


@dataclass(frozen=True, slots=True)
class TrustDay:
    """One UTC day; `row` is None for a day on which nothing came."""

    day: date
    row: IngestTrust | None


@dataclass(frozen=True, slots=True)
class NodeTrust:
    """Everything the panel says of a node; `spool` is the newest day on which its agent told of its spool."""

    node: Node
    clock: Clock
    days: list[TrustDay]
    coverage: Coverage
    spool: IngestTrust | None
    newest_version: str

    @property
    def today(self) -> IngestTrust | None:
        """Return the counts of the present UTC day."""
        return self.days[0].row

    @property
    def is_outdated(self) -> bool:
        """Whether a newer agent than this node's is in the fleet."""
        version = self.node.agent_version
        return bool(version) and version_key(version) < version_key(self.newest_version)

    @property
    def total(self) -> dict[str, int]:
        """Return the sums over all days shown."""
        rows = [one.row for one in self.days if one.row]
        names = ("accepted", "duplicate", "rejected", "batches", "repeated", "heartbeats")
        return {name: sum(getattr(row, name) for row in rows) for name in names}

    @property
    def refused_for_time(self) -> int:
        """Return how many samples were refused today because of their time."""
        return sum(self.today.rejected_codes.get(code, 0) for code in TIME_CODES) if self.today else 0

    @property
    def rejected_codes(self) -> dict[str, int]:
        """Return rejected samples by code, most first."""
        return _summed(one.row.rejected_codes for one in self.days if one.row)

    @property
    def refused_codes(self) -> dict[str, int]:
        """Return refused requests by code, most first."""
        return _summed(one.row.refused_codes for one in self.days if one.row)

    @property
    def tolerated(self) -> dict[str, int]:
        """Return what was left out without fault by code, most first."""
        return _summed(one.row.tolerated for one in self.days if one.row)

    @property
    def protocols(self) -> dict[str, int]:
        """Return requests by protocol, most first."""
        return _summed(one.row.protocols for one in self.days if one.row)


@dataclass(frozen=True, slots=True)
class SkewedNode:
    """A node whose clock is off."""

    node_id: UUID
    hostname: str
    clock_skew_seconds: float


@dataclass(frozen=True, slots=True)
class SkewedNodes:
    """The nodes whose clocks are off most, and how many there are in all."""

    count: int
    worst: list[SkewedNode]


def trust_of(node: Node, *, now: datetime) -> NodeTrust:
    """Return what is known, in three statements."""
    today = now.astimezone(UTC).date()
    rows = IngestTrust.objects.filter(node=node, day__gt=today - timedelta(days=DAYS), day__lte=today)
    by_day = {row.day: row for row in rows}
    days = [TrustDay(day, by_day.get(day)) for day in (today - timedelta(days=back) for back in range(DAYS))]
    told = [one.row for one in days if one.row and one.row.spool_at]
    versions = list(Node.objects.exclude(agent_version="").values_list("agent_version", flat=True).distinct())
    return NodeTrust(
        node,
        clock_of(node.clock_skew_seconds),
        days,
        coverage_of(node, now=now),
        told[0] if told else None,
        newest_version(versions),
    )


def coverage_of(node: Node, *, now: datetime) -> Coverage:
    """Return how completely a node reported over the last day, or since it is known, in one statement."""
    since = max(now - COVERED, node.created_at)
    params = {
        "node_id": node.pk,
        "since": since,
        "until": now,
        "usual": float(node.heartbeat_interval_seconds),
        "most": MOST_GAPS,
    }
    row = sql.fetch_all(__file__, "coverage.sql", params)[0]
    gaps = [Gap(starts, ends) for starts, ends in zip(row.pop("starts"), row.pop("ends"), strict=True)]
    return Coverage(since, now, gaps=gaps, **row)


def skewed_nodes(limit: int = 5) -> SkewedNodes:
    """Return the nodes in service whose clocks are off, the worst first, in one statement."""
    off = Q(clock_skew_seconds__gte=WARN_SECONDS) | Q(clock_skew_seconds__lte=-WARN_SECONDS)
    rows = (
        Node.objects.exclude(status__in=(NodeStatus.RETIRED, NodeStatus.PENDING))
        .filter(off)
        .annotate(size=Abs(F("clock_skew_seconds")), count=Window(Count("*")))
        .order_by("-size", "hostname")
        .values_list("count", "id", "hostname", "clock_skew_seconds")[:limit]
    )
    found = list(rows)
    worst = [SkewedNode(node_id, hostname, skew or 0.0) for _, node_id, hostname, skew in found]
    return SkewedNodes(found[0][0] if found else 0, worst)


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Return the sums by code, most first."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total.most_common())
