"""What is older than its retention goes, by whole days; what is younger stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from apps.audit.models import AuditLog
from apps.metrics.models import IngestBatch, MetricSample, MetricSeries, UsageMetric
from apps.metrics.services import drop_expired, ensure_partitions
from apps.metrics.services.partitions import partitioned_models
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.data_layer]
DAY = timedelta(days=1)


@pytest.fixture
def node(db: None) -> Iterator[Node]:
    """A node, seen by the worker."""
    made = make.node()
    with acting_as("omega_worker"):
        yield made


def store(node: Node, at: datetime) -> None:
    """Keep one sample of the vitals and of a metric of its own, with the partitions of their day."""
    with connection.cursor() as cursor:
        for table in ("public.usage_metrics", "public.metric_samples"):
            span = [table, at, at + timedelta(seconds=1)]
            cursor.execute("SELECT ensure_partitions(%s::regclass, '1 day', %s, %s)", span)
    series, _ = MetricSeries.objects.get_or_create(tenant=node.tenant, node=node, metric_type="x")
    UsageMetric.objects.bulk_create([UsageMetric(node=node, timestamp=at)])
    MetricSample.objects.bulk_create([MetricSample(series=series, time=at, value=1.0)])


def ages(now: datetime) -> tuple[list[int], list[int]]:
    """Return how many days old the kept vitals and samples are."""
    vitals = UsageMetric.objects.order_by("timestamp").values_list("timestamp", flat=True)
    samples = MetricSample.objects.order_by("time").values_list("time", flat=True)
    return [(now - at).days for at in vitals], [(now - at).days for at in samples]


@pytest.mark.usefixtures("kept_by_job")
def test_each_table_keeps_its_own_number_of_days(node: Node, now: datetime) -> None:
    raw, narrow = settings.OMEGA.raw_retention_days, settings.OMEGA.sample_retention_days
    for days in (0, narrow - 1, narrow + 2, raw - 1, raw + 2):
        store(node, now - days * DAY)

    dropped = drop_expired(now=now)

    assert ages(now) == ([raw - 1, narrow + 2, narrow - 1, 0], [narrow - 1, 0])
    assert (dropped["usage_metrics"], dropped["metric_samples"]) == (1, 3)


@pytest.mark.usefixtures("kept_by_job")
def test_day_that_is_only_partly_past_is_kept(node: Node, now: datetime) -> None:
    at = (now - settings.OMEGA.raw_retention_days * DAY).replace(hour=12, minute=0, second=0)
    store(node, at)

    drop_expired(now=at + settings.OMEGA.raw_retention_days * DAY + timedelta(hours=11))
    kept = UsageMetric.objects.count()
    drop_expired(now=at + settings.OMEGA.raw_retention_days * DAY + timedelta(hours=12))

    assert (kept, UsageMetric.objects.count()) == (1, 0)


@pytest.mark.usefixtures("kept_by_job")
def test_dropping_is_recorded_once_and_doing_nothing_is_not(node: Node, now: datetime) -> None:
    store(node, now - (settings.OMEGA.raw_retention_days + 2) * DAY)
    drop_expired(now=now)
    drop_expired(now=now)

    event = AuditLog.objects.get(action="EXPIRED_DATA_DROPPED")
    assert event.details["usage_metrics"] == 1


def test_receipts_are_kept_for_seven_days(node: Node, now: datetime) -> None:
    for age in (7 * DAY, 7 * DAY + timedelta(seconds=1)):
        IngestBatch.objects.create(node=node, batch_id=uuid4(), accepted=1, duplicate=0, received_at=now - age)

    assert drop_expired(now=now)["ingest_batches"] == 1
    assert IngestBatch.objects.get().received_at == now - 7 * DAY


def test_days_to_come_have_their_partitions_ahead(node: Node, now: datetime) -> None:
    later = now + 30 * DAY
    first, second = ensure_partitions(now=later), ensure_partitions(now=later)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
        has_hypertables = cursor.fetchone() == (1,)
    assert second == 0
    assert (first == 0) is has_hypertables
    assert has_hypertables or first >= 4 * len(partitioned_models())
