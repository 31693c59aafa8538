"""Brings roll-ups and newest values in step with samples that were changed behind the door: corrected, or generated."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core import sql
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.services.rollup import DAY, Bucket, columns, compute_days, compute_hours, finished_until

HOURS_AT_ONCE = 500
DAYS_AT_ONCE = 25


@transaction.atomic
def refresh(
    *, node_ids: Iterable[UUID] | None, start: datetime, end: datetime, now: datetime, renews_latest: bool = True
) -> int:
    """Compute the roll-ups of nodes (None: of all) over [start, end) anew: of vitals and of all their series.

    Returns how many hours of nodes it were. They are done when the caller's transaction is, except for continuous
    aggregates: these follow within a minute or two, and until then the hours stand on the queue, whose hours readers
    take from the samples. The newest values of the nodes are read anew too, unless the caller does so.
    """
    wanted = {"node_ids": list(node_ids) if node_ids is not None else None, "start": start, "end": end, "now": now}
    marked = sql.fetch_all(__file__, "mark_refreshed.sql", wanted)
    if tier_of() is not Tier.TIMESCALE:
        _compute([(row["node_id"], row["bucket"]) for row in marked], now)
    if renews_latest:
        sql.execute(__file__, "renew_latest.sql", wanted)
    return len(marked)


def _compute(hours: list[Bucket], now: datetime) -> None:
    """Compute hours, and those of their days that are over; the marks stay until the job finds no writer under way."""
    until = finished_until(now)
    for first in range(0, len(hours), HOURS_AT_ONCE):
        compute_hours(**columns(hours[first : first + HOURS_AT_ONCE]), now=now)
    days = sorted({(node_id, bucket.replace(hour=0)) for node_id, bucket in hours})
    over = [day for day in days if until is not None and day[1] + DAY <= until]
    for first in range(0, len(over), DAYS_AT_ONCE):
        compute_days(**columns(over[first : first + DAYS_AT_ONCE]))
