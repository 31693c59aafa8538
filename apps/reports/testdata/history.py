"""A generated past into the time-series tables, by COPY, as the owner."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from apps.core.bulk import copy_binary
from apps.core.sql import execute, fetch_all
from apps.metrics.models import NodeLatest, UsageMetric
from apps.metrics.models.usage import Vitals
from apps.nodes.models import Node, NodeLifecycleLog
from apps.reports.testdata.inventory import Member, lifecycle_rows, settle
from apps.reports.testdata.outages import boot_times, keep_mask, outages_of
from apps.reports.testdata.tuples import (
    Column,
    as_tuples,
    cores_column,
    real_column,
    time_column,
    uuid_column,
)
from apps.reports.testdata.vitals import Past, past_of

VITAL_COLUMNS = [field.name for field in Vitals._meta.local_fields]
COLUMNS = ["node_id", "timestamp", *VITAL_COLUMNS]
CONTACT = ["status", "last_heartbeat", "silent_after", "reported_status", "clock_skew_seconds"]
Span = tuple[datetime, datetime]


def make_room(start: datetime, until: datetime) -> None:
    """Make the partitions of the span where the server has native ones, so nothing lands in the catch-all."""
    fetch_all(__file__, "make_partitions.sql", {"since": start, "until": until})


def write_history(
    members: list[Member], start: datetime, now: datetime, interval: timedelta, done: Callable[[int], object]
) -> int:
    """Copy the samples that are missing, settle nodes, newest values and lifecycle; return how many samples.

    `done` is told the number of machines finished, for a progress bar.
    """
    writer = _Writer(start, now, interval, _spans_there(members))
    count = copy_binary(UsageMetric._meta.db_table, COLUMNS, writer.pieces(members, done))
    Node.objects.bulk_update(writer.settled, CONTACT, batch_size=200)
    NodeLatest.objects.bulk_create(
        writer.newest,
        update_conflicts=True,
        unique_fields=["node"],
        update_fields=["at", "received_at", *VITAL_COLUMNS],
    )
    NodeLifecycleLog.objects.bulk_create(writer.log, batch_size=1000)
    return count


def queue_roll_up(start: datetime, now: datetime) -> int:
    """Put every hour of generated samples that has no roll-up of its size on the queue; return how many."""
    return execute(__file__, "queue_roll_up.sql", {"since": start, "now": now})


def _spans_there(members: list[Member]) -> dict[UUID, Span]:
    """Return the first and last sample of each node of an earlier run."""
    known = [member.node.pk for member in members if not member.is_new]
    rows = fetch_all(__file__, "spans_there.sql", {"nodes": known}) if known else []
    return {row["node_id"]: (row["first"], row["last"]) for row in rows}


class _Writer:
    """Makes the pieces of one COPY, and collects on the way what is written after it."""

    def __init__(self, start: datetime, now: datetime, interval: timedelta, there: dict[UUID, Span]) -> None:
        """Take the span to fill and what is filled."""
        self.start, self.now, self.there = start, now, there
        step = interval.total_seconds()
        self.grid = np.arange(np.ceil(start.timestamp() / step), now.timestamp() // step + 1) * step
        self.step = step
        self.settled: list[Node] = []
        self.newest: list[NodeLatest] = []
        self.log: list[NodeLifecycleLog] = []

    def pieces(self, members: list[Member], done: Callable[[int], object]) -> Iterator[bytes]:
        """Yield the binary samples of one machine after another."""
        for member in members:
            yield self._piece(member)
            done(1)

    def _piece(self, member: Member) -> bytes:
        """Return the missing samples of one machine, and note what its rows must say at the end."""
        plan = member.plan
        outages = outages_of(plan, self.start, self.now)
        since = self.there[member.node.pk][1] if member.node.pk in self.there else self.start
        if not member.wants_history:
            self.log += lifecycle_rows(member, [], since, self.now) if member.is_new else []
            return b""
        seconds = self.grid + plan.seed % int(self.step)
        past = past_of(plan, seconds, boot_times(self.start, outages))
        past = past.at(keep_mask(plan, seconds, outages) & self._is_missing(member, seconds))
        if past.seconds.size:
            self.log += lifecycle_rows(member, outages, since, self.now)
            if member.node.pk not in self.there or past.seconds[-1] > since.timestamp():
                self._note_end(member, past)
        return as_tuples(_columns(member, past), past.seconds.size)

    def _is_missing(self, member: Member, seconds: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.bool_]":
        """Return which times lie before or after what an earlier run made, and not in the future."""
        is_past = np.asarray(seconds <= self.now.timestamp())
        if member.node.pk not in self.there:
            return is_past
        first, last = self.there[member.node.pk]
        outside = (seconds < first.timestamp() - 1) | (seconds > last.timestamp() + 1)
        return np.asarray(is_past & outside)

    def _note_end(self, member: Member, past: Past) -> None:
        """Remember the newest sample as the node's present."""
        at = datetime.fromtimestamp(float(past.seconds[-1]), UTC)
        values: dict[str, Any] = {name: round(float(column[-1]), 3) for name, column in past.columns.items()}
        values["process_count"] = int(values["process_count"])
        cores = [round(float(core), 1) for core in past.per_core[-1]]
        settle(member, at, self.now)
        self.settled.append(member.node)
        self.newest.append(NodeLatest(node=member.node, at=at, received_at=at, cpu_per_core=cores, **values))


def _columns(member: Member, past: Past) -> list[Column]:
    """Return the columns of a machine's samples, in the order of `COLUMNS`."""
    columns = [uuid_column("node_id", member.node.pk), time_column("timestamp", past.seconds)]
    for name in VITAL_COLUMNS:
        values = past.columns.get(name)
        if name == "cpu_per_core":
            columns.append(cores_column(name, past.per_core))
        elif name == "process_count":
            columns.append(Column(name, ">i4", values))
        elif name == "uptime_seconds":
            columns.append(Column(name, ">f8", values))
        else:
            columns.append(real_column(name, values))
    return columns
