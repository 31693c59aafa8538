"""Forgets what is older than its retention, by dropping whole partitions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.audit.models import Category
from apps.audit.services import record
from apps.core import sql
from apps.metrics.models import IngestBatch, MetricSample, ProcessSnapshot, UsageMetric
from apps.nodes.models import NodeHeartbeat

RECEIPTS_KEPT = timedelta(days=7)


@transaction.atomic
def drop_expired(*, now: datetime) -> dict[str, int]:
    """Drop the partitions past retention and old batch receipts; returns what was dropped by table."""
    keep_days = {
        UsageMetric: settings.OMEGA.raw_retention_days,
        MetricSample: settings.OMEGA.sample_retention_days,
        ProcessSnapshot: settings.OMEGA.process_retention_days,
        NodeHeartbeat: settings.OMEGA.heartbeat_retention_days,
    }
    dropped: dict[str, int] = {}
    for model, days in keep_days.items():
        table = model._meta.db_table
        params = {"table": f"public.{table}", "cutoff": now - timedelta(days=days)}
        dropped[table] = sql.fetch_all(__file__, "drop_partitions.sql", params)[0]["dropped"]
    dropped["ingest_batches"], _ = IngestBatch.objects.filter(received_at__lt=now - RECEIPTS_KEPT).delete()
    if any(dropped.values()):
        record(action="EXPIRED_DATA_DROPPED", category=Category.SYSTEM, details=dropped)
    return dropped
