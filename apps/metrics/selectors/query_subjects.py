"""Whom a question is about: nodes for vitals, series for named metrics, as the asker sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from apps.core.errors import Invalid, NotFound
from apps.metrics.models import MetricSeries
from apps.metrics.queries import Selector, Subject
from apps.metrics.vitals import VITALS
from apps.nodes.models import Node, NodeStatus
from apps.nodes.selectors import visible_nodes

NODE_COLUMNS = ("hostname", "region", "node_type")
UNGROUPED = ("pk", "hostname", "heartbeat_interval_seconds")
GROUPED = (*UNGROUPED, "region", "node_type", "labels")
NO_LABELS: Mapping[str, str] = {}


class Found(msgspec.Struct, frozen=True, gc=False):
    """One subject: its key in the samples, its node, and how its values are to be read. `own` are a node's labels.

    What only groups are made of is there only where a question makes groups of nodes.
    """

    key: UUID | int
    subject: Subject
    labels: Mapping[str, str]
    unit: str
    cadence: int = 60
    region: str = ""
    node_type: str = ""
    own: object = None
    kind: str = ""

    @property
    def grounds(self) -> Mapping[str, str]:
        """Return what groups may be made by; labels of a series go before what its node says."""
        of_node = {"hostname": self.subject.hostname, "region": self.region, "node_type": self.node_type}
        return {**_texts(self.own), **of_node, **self.labels}


@dataclass(frozen=True, slots=True)
class Subjects:
    """All subjects of a question, by host name and labels; `is_everyone` where nothing narrowed the nodes."""

    rows: list[Found]
    is_everyone: bool

    @property
    def keys(self) -> list[UUID | int]:
        """Return their keys."""
        return [row.key for row in self.rows]


def find_subjects(
    metric: str, selector: Selector, labels: Mapping[str, str], limit: int, *, is_grouped: bool = False
) -> Subjects:
    """Return up to `limit` + 1 subjects in one statement, two where a named node has nothing to answer.

    What groups are made of comes with nodes only where groups are made: decoding thousands takes longer than the rest.
    Raises NotFound for a named node that the asker does not see, Invalid for a metric that nobody has.
    """
    if metric in VITALS:
        found = _nodes(metric, selector, labels, limit, is_grouped=is_grouped)
    else:
        found = _series(metric, selector, labels, limit)
    missing = set(selector.nodes) - {row.subject.node_id for row in found.rows} if selector.nodes else set()
    if missing and len(visible_nodes(missing)) < len(missing):
        raise NotFound("node_not_found", "There is no such node.", field="node")
    if metric not in VITALS and not found.rows and not MetricSeries.objects.filter(metric_type=metric).exists():
        raise Invalid("unknown_metric", f"There is no metric called “{metric[:60]}”.", field="metric")
    return found


def matching(selector: Selector, prefix: str = "") -> Q:
    """Return the condition on nodes; `prefix` leads from the rows to their nodes."""
    exact = {"node_type": selector.node_type, "status": selector.status, "region": selector.region}
    found = Q(**{f"{prefix}{name}": value for name, value in exact.items() if value})
    if selector.tags:
        found &= Q(**{f"{prefix}tags__contains": list(selector.tags)})
    return found & _labelled(f"{prefix}labels", selector.labels)


def _labelled(column: str, labels: Mapping[str, str]) -> Q:
    """Return the condition that all labels are there; one without a value by its name alone."""
    valued = {name: value for name, value in labels.items() if value}
    found = Q(**{f"{column}__contains": valued}) if valued else Q()
    names = [name for name, value in labels.items() if not value]
    return found & Q(**{f"{column}__has_keys": names}) if names else found


def _nodes(metric: str, selector: Selector, labels: Mapping[str, str], limit: int, *, is_grouped: bool) -> Subjects:
    """Return the nodes that match."""
    if labels:
        raise Invalid("no_labels", "A vital has no labels; choose nodes by theirs.", field="label")
    if selector.pool_id or selector.session_id:
        field = "pool" if selector.pool_id else "session"
        raise Invalid("no_subject", "Vitals are of nodes, not of pools or sessions.", field=field)
    condition = matching(selector)
    columns = GROUPED if is_grouped else UNGROUPED
    nodes = _those(Node.objects.filter(condition), selector).order_by("hostname", "pk")
    rows = list(nodes.values_list(*columns)[: limit + 1])
    keys, names, *told = zip(*rows, strict=True) if rows else ((),) * len(columns)
    found = list(map(Found, keys, map(Subject, keys, names), repeat(NO_LABELS), repeat(VITALS[metric].unit), *told))
    return Subjects(found, is_everyone=selector.nodes is None and not condition)


def _those(nodes: QuerySet[Node], selector: Selector) -> QuerySet[Node]:
    """Return the nodes named, or all that are not retired unless asked for by status."""
    if selector.nodes is not None:
        return nodes.filter(pk__in=selector.nodes)
    return nodes if selector.status else nodes.exclude(status=NodeStatus.RETIRED)


def _series(metric: str, selector: Selector, labels: Mapping[str, str], limit: int) -> Subjects:
    """Return the series that match; those of the portal itself have no node."""
    series = MetricSeries.objects.filter(_labelled("labels", labels), metric_type=metric)
    if condition := matching(selector, "node__"):
        series = series.filter(condition)
    if selector.nodes is not None:
        series = series.filter(node__in=selector.nodes)
    elif not selector.status:
        series = series.exclude(node__status=NodeStatus.RETIRED)
    for name, value in (("pool_id", selector.pool_id), ("session_id", selector.session_id)):
        series = series.filter(**{name: value}) if value else series
    columns = ("pk", "node_id", "pool_id", "session_id", "labels", "unit", "kind")
    names = [f"node__{name}" for name in NODE_COLUMNS]
    rows = series.order_by("node__hostname", "labels", "pk").values_list(*columns, *names)[: limit + 1]
    found = [_one_series(*row) for row in rows]
    return Subjects(found, is_everyone=False)


def _one_series(
    key: int, node_id: UUID | None, pool_id: UUID | None, session_id: UUID | None, labels: object, unit: str, kind: str,
    hostname: str | None, region: str | None, node_type: str | None,
) -> Found:  # fmt: skip
    """Return a series as a subject."""
    own = _texts(labels)
    subject = Subject(node_id, hostname or "", key, pool_id, session_id)
    return Found(key, subject, own, unit, region=region or "", node_type=node_type or "", kind=kind)


def _texts(labels: object) -> dict[str, str]:
    """Return labels as names to texts."""
    return {str(name): str(value) for name, value in labels.items()} if isinstance(labels, dict) else {}
