"""Forgets what is older than its retention, by dropping whole partitions, or tells the server to do so."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from apps.audit.models import Category
from apps.audit.services import record
from apps.core import sql
from apps.core.timescale.tier import Tier, tier_of
from apps.metrics.models import IngestBatch, IngestTrust
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.selectors.retention_policy import Kept, retention_of

RECEIPTS_KEPT = timedelta(days=7)


@transaction.atomic
def drop_expired(*, now: datetime) -> dict[str, int]:
    """Drop what is past its retention and old batch receipts; returns what was dropped by table.

    Where the server has policies of its own for time series, it is told what to keep and only the rest is dropped.
    """
    kept = retention_of()
    trust = kept.pop(KeptTable.INGEST_TRUST)
    dropped = {table: _drop_partitions(each, now) for table, each in kept.items()} if not _has_policies() else {}
    apply_retention(kept.values())
    last_day = (now - timedelta(days=trust.keep_days)).date()
    dropped["ingest_trust"], _ = IngestTrust.objects.filter(day__lt=last_day).delete()
    dropped["ingest_batches"], _ = IngestBatch.objects.filter(received_at__lt=now - RECEIPTS_KEPT).delete()
    if any(dropped.values()):
        record(action="EXPIRED_DATA_DROPPED", category=Category.SYSTEM, details=dropped)
    return dropped


def apply_retention(kept: Iterable[Kept]) -> None:
    """Set the server's own policies for dropping and compressing, where it has such; what is so already stays."""
    if not _has_policies():
        return
    for each in kept:
        if each.table_name != KeptTable.INGEST_TRUST:
            pressed = timedelta(days=each.compress_after_days) if each.compress_after_days else None
            wanted = {"keep": timedelta(days=each.keep_days), "compress_after": pressed}
            sql.fetch_all(__file__, "keep_for.sql", {"table": f"public.{each.table_name}", **wanted})


def _has_policies() -> bool:
    """Tell whether the server drops and compresses by itself."""
    return tier_of() is Tier.TIMESCALE


def _drop_partitions(kept: Kept, now: datetime) -> int:
    """Drop the partitions of one table; returns how many."""
    params = {"table": f"public.{kept.table_name}", "cutoff": now - timedelta(days=kept.keep_days)}
    return int(sql.fetch_all(__file__, "drop_partitions.sql", params)[0]["dropped"])
