"""Taking samples away as a file: recorded, and not too often."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.models import AuditLog, Category
from apps.audit.services import record
from apps.core.errors import Throttled
from apps.metrics.queries import Window
from apps.metrics.selectors.export import Export, plan_export

MOST_EXPORTS = 30
WITHIN = timedelta(minutes=10)
EXPORTED = "METRICS_EXPORTED"


@transaction.atomic
def begin_metrics_export(
    *,
    person_id: UUID,
    asked: Window,
    metrics: list[str],
    parameters: dict[str, Any],
    now: datetime,
    series: int | None = None,
) -> Export:
    """Record that somebody takes samples away; returns what the file will hold. `parameters` is what they typed.

    Raises Throttled after thirty exports within ten minutes, and what `plan_export` raises.
    """
    recent = AuditLog.objects.filter(user_id=person_id, action=EXPORTED, timestamp__gt=now - WITHIN)
    times = list(recent.order_by("-timestamp").values_list("timestamp", flat=True)[:MOST_EXPORTS])
    if len(times) == MOST_EXPORTS:
        wait = max(1, ceil((times[-1] + WITHIN - now).total_seconds()))
        detail = f"{MOST_EXPORTS} exports within ten minutes are enough; come again in {wait} seconds."
        raise Throttled("too_many_exports", detail, retry_after=wait)
    export = plan_export(asked, metrics, now, series)
    record(
        action=EXPORTED,
        category=Category.SYSTEM,
        resource_type="metrics",
        description=f"About {export.rows} samples of {len(export.subjects)} nodes or series exported as CSV",
        details={"parameters": parameters, "since": f"{export.since:%FT%TZ}", "until": f"{export.until:%FT%TZ}"},
    )
    return export
