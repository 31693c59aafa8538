"""A node with wrong samples, the wish to correct them, and the worker that does it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from apps.metrics import services
from apps.metrics.models import (
    CorrectedSample,
    CorrectedUsage,
    NodeLatest,
    SampleCorrection,
    UsageHourly,
    UsageMetric,
)
from apps.metrics.selectors.correction import COLUMNS, Subject
from apps.metrics.services.correction import request_correction, request_undo
from apps.metrics.services.correction_work import advance_corrections
from apps.nodes.models import Node
from tests import make
from tests.database import acting_as

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Rows = list[tuple[Any, ...]]


def noon_before(now: datetime) -> datetime:
    """Yesterday, 12:00 UTC."""
    return now.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def wrong_node(noon: datetime) -> Node:
    """A node with a sample a minute from 11:00 to 14:00, the CPU at 98 from 12:00 to 12:30."""
    made = make.node()
    with acting_as("omega_worker"):
        samples = [
            UsageMetric(
                node=made,
                timestamp=noon + n * MINUTE,
                cpu_percent=98.0 if 0 <= n < 30 else 10.1,
                ram_percent=33.3,
                cpu_per_core=[1.5, 2.5],
                uptime_seconds=1e6 + n,
            )
            for n in range(-60, 120)
        ]
        UsageMetric.objects.bulk_create(samples)
        newest = samples[-1]
        vitals = {name: getattr(newest, name) for name in COLUMNS}
        NodeLatest.objects.create(node=made, at=newest.timestamp, received_at=newest.timestamp, **vitals)
        services.queue_hours([(made.pk, noon + h * HOUR) for h in (-1, 0, 1)], now=noon)
        services.roll_up()
    return made


def vitals(node: Node) -> Rows:
    """Return every sample of a node as the database writes it, hence bit for bit."""
    with acting_as("omega_worker"), connection.cursor() as cursor:
        cursor.execute('SELECT m::text FROM usage_metrics m WHERE node_id = %s ORDER BY "timestamp"', [node.pk])
        return cursor.fetchall()


def hourly(node: Node) -> dict[datetime, tuple[int, float | None]]:
    """Return count of samples and greatest CPU by hour."""
    rows = UsageHourly.objects.filter(node=node).values_list("bucket", "sample_count", "cpu_percent_max")
    return {bucket: (count, greatest) for bucket, count, greatest in rows}


def whole(node: Node, starts: datetime, ends: datetime) -> Subject:
    """Return the wish to remove samples."""
    return Subject(node, None, (), "remove", starts, ends)


def blank(node: Node, starts: datetime, ends: datetime, *columns: str) -> Subject:
    """Return the wish to set values to unknown."""
    return Subject(node, None, columns, "set_null", starts, ends)


def correct(subject: Subject, now: datetime, reason: str = "sensor was broken") -> SampleCorrection:
    """Ask for a correction and let the worker do it."""
    row = request_correction(actor=make.user("ADMIN"), subject=subject, reason=reason, now=now)
    work(now)
    row.refresh_from_db()
    return row


def undo(row: SampleCorrection, now: datetime) -> SampleCorrection:
    """Ask that it is undone and let the worker do it."""
    request_undo(actor=make.user("ADMIN"), correction=row, reason="it was right", now=now)
    work(now)
    row.refresh_from_db()
    return row


def kept(model: type[CorrectedUsage] | type[CorrectedSample]) -> int:
    """Count the old values that are kept."""
    with acting_as("omega_worker"):
        return model.objects.count()


def work(now: datetime) -> None:
    """Let the worker do what waits."""
    ticks = iter(range(10_000))
    with acting_as("omega_worker"):
        advance_corrections(clock=lambda: now + timedelta(milliseconds=next(ticks)))
