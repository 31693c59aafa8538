"""Keeps the roll-ups in step with the samples, on servers that do not do so themselves.

A mark on the queue stands for one hour of a node: of its vitals and of all its series. Hours still open are computed
now and then and keep their mark, because a door marks an open hour only once. An hour leaves the queue, in the
transaction that computes it, when it is over and no transaction that could have written to it is still under way.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core import sql
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import UsageRollupQueue

BATCH = 200
# What a batch of hours may weigh, per hour: as much as takes about a second in all, while doors wait for its rows.
WORK_OF_HOUR = 10
OPEN_HOURS_PACE = timedelta(minutes=15)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Bucket = tuple[UUID, datetime]


def roll_up(
    *,
    now: datetime | None = None,
    limit: int | None = None,
    on_progress: Callable[[int], object] | None = None,
    batch: int = BATCH,
) -> int:
    """Compute the hours that are due, in short transactions, then the days; return how many hours it were.

    A worker killed in between loses nothing. A larger `batch` is faster where nobody waits for the rows it locks.
    Without `now` the server's clock counts. Does nothing where the server keeps the roll-ups itself.
    """
    if tier_of() is Tier.TIMESCALE:
        return 0
    until = finished_until(now)
    hours = _in_batches(lambda size: roll_up_hours(until, now, size), batch, limit, on_progress)
    if until is not None:
        _in_batches(lambda size: _roll_up_days(until, size), max(batch // 8, 1), limit, None)
    return hours


def finished_until(now: datetime | None) -> datetime | None:
    """Return until when no writer is under way any more: hours that ended before may leave the queue."""
    sql.execute(__file__, "note_barrier.sql", {"now": now})
    found: datetime | None = sql.fetch_all(__file__, "finished_until.sql", {})[0]["finished_until"]
    return found


def _in_batches(
    work: Callable[[int], int], batch: int, limit: int | None, on_progress: Callable[[int], object] | None
) -> int:
    """Work in batches until nothing is due or the limit is reached; return how many were done.

    A batch may be smaller than asked for, so only an empty one ends it.
    """
    done = 0
    while limit is None or done < limit:
        taken = work(batch)
        done += taken
        if on_progress and taken:
            on_progress(taken)
        if not taken:
            break
    return done


@transaction.atomic
def roll_up_hours(until: datetime | None, now: datetime | None, limit: int) -> int:
    """Lock one batch and compute it; the statements after the lock see all that was written before it."""
    wanted: dict[str, Any] = {"finished_until": until, "now": now, "pace": OPEN_HOURS_PACE, "limit": limit}
    wanted |= {"most_work": limit * WORK_OF_HOUR}
    due = sql.fetch_all(__file__, "take_rollup_hours.sql", wanted)
    if due:
        hours = columns((row["node_id"], row["bucket"]) for row in due)
        over = [row["is_over"] for row in due]
        compute_hours(**hours, over=over, now=now)
        sql.execute(__file__, "finish_rollup_hours.sql", {**hours, "over": over, "now": now})
    return len(due)


@transaction.atomic
def _roll_up_days(until: datetime, limit: int) -> int:
    """Take one batch of days and compute it."""
    due = sql.fetch_all(__file__, "take_rollup_days.sql", {"finished_until": until, "limit": limit})
    if due:
        compute_days(**columns((row["node_id"], row["bucket"]) for row in due))
    return len(due)


def columns(buckets: Iterable[Bucket]) -> dict[str, list[Any]]:
    """Return buckets as the two arrays the statements take."""
    found = list(buckets)
    return {"node_ids": [node_id for node_id, _ in found], "buckets": [bucket for _, bucket in found]}


def compute_hours(
    *, node_ids: list[UUID], buckets: list[datetime], over: list[bool] | None = None, now: datetime | None = None
) -> None:
    """Compute hours of nodes anew, whatever they were: an hour without samples has no row.

    Hours older than all samples that are kept stay as they are. Of an hour said not to be over, series that ended long
    before it are left out, and sketches; nor are there any of hours whose sketches are no longer kept.
    """
    hours: dict[str, Any] = {"node_ids": node_ids, "buckets": buckets, "over": over or [True] * len(buckets)}
    sql.fetch_all(__file__, "roll_up_hours.sql", hours | {"now": now})
    hours |= {"since": min(buckets), "until": max(buckets) + HOUR}
    sql.execute(__file__, "clear_metric_hours.sql", hours)
    sql.execute(__file__, "roll_up_metrics.sql", hours)


def compute_days(*, node_ids: list[UUID], buckets: list[datetime]) -> None:
    """Compute days of nodes anew."""
    sql.fetch_all(__file__, "roll_up_days.sql", {"node_ids": node_ids, "buckets": buckets})


def queue_hours(hours: Iterable[Bucket], *, now: datetime) -> None:
    """Mark (node, hour) pairs as out of date, always in the same order so that two doors cannot wait for each other."""
    distinct = sorted(set(hours))
    rows = [UsageRollupQueue(node_id=node_id, bucket=bucket, touched_at=now) for node_id, bucket in distinct]
    UsageRollupQueue.objects.bulk_create(
        rows,
        batch_size=5000,
        update_conflicts=True,
        unique_fields=["node_id", "bucket"],
        update_fields=["touched_at", "rolled_at"],
    )
