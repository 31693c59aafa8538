"""Keeps `usage_hourly` in step with the samples."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import sql
from apps.metrics.models import UsageRollupQueue

BATCH = 200


def roll_up(*, limit: int | None = None, on_progress: Callable[[int], object] | None = None, batch: int = BATCH) -> int:
    """Recompute the hours on the queue, in short transactions, and return how many there were.

    A worker killed in between loses nothing: an hour leaves the queue in the transaction that recomputes it.
    A larger `batch` is faster where nobody waits for the rows it locks.
    """
    done = 0
    while limit is None or done < limit:
        taken = _roll_up_batch(batch)
        done += taken
        if on_progress and taken:
            on_progress(taken)
        if taken < batch:
            break
    return done


@transaction.atomic
def _roll_up_batch(limit: int) -> int:
    """Take one batch off the queue and recompute it; the second statement sees all that was written before."""
    due = sql.fetch_all(__file__, "take_rollup_hours.sql", {"limit": limit})
    if due:
        hours = {"node_ids": [row["node_id"] for row in due], "buckets": [row["bucket"] for row in due]}
        sql.execute(__file__, "roll_up_hours.sql", hours)
    return len(due)


def queue_hours(hours: Iterable[tuple[UUID, datetime]], *, now: datetime) -> None:
    """Mark (node, hour) pairs as out of date, always in the same order so that two doors cannot wait for each other."""
    distinct = sorted(set(hours))
    rows = [UsageRollupQueue(node_id=node_id, bucket=bucket, touched_at=now) for node_id, bucket in distinct]
    UsageRollupQueue.objects.bulk_create(
        rows, batch_size=5000, update_conflicts=True, unique_fields=["node_id", "bucket"], update_fields=["touched_at"]
    )
