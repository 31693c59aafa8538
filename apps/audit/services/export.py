"""Taking the log away as a file: recorded, and not too often."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.models import AuditLog, Category
from apps.audit.selectors import AuditFilters, audit_entries
from apps.audit.services.entries import record
from apps.core import sql
from apps.core.errors import Throttled, TooLarge

MOST_EXPORTED = 200_000
MOST_EXPORTS = 10
WITHIN = timedelta(minutes=10)
EXPORTED = "AUDIT_EXPORTED"
# Filters that may name somebody; they are recorded where they can be erased.
PERSONAL = frozenset({"q", "person", "ip"})


@transaction.atomic
def begin_export(*, person_id: UUID, filters: AuditFilters, asked: dict[str, Any], kind: str, now: datetime) -> int:
    """Record that somebody takes the entries away that match; returns how many.

    `asked` is what they typed, `kind` the kind of file. Raises Throttled after ten exports within ten minutes, and
    TooLarge for more entries than one file takes.
    """
    sql.fetch_all(__file__, "lock_export.sql", {"person": str(person_id)})
    recent = AuditLog.objects.filter(user_id=person_id, action=EXPORTED, timestamp__gt=now - WITHIN)
    times = list(recent.order_by("-timestamp").values_list("timestamp", flat=True)[:MOST_EXPORTS])
    if len(times) == MOST_EXPORTS:
        wait = ceil((times[-1] + WITHIN - now).total_seconds())
        detail = f"{MOST_EXPORTS} exports within ten minutes are enough; come again in {wait} seconds."
        raise Throttled("too_many_exports", detail, retry_after=max(1, wait))
    count = audit_entries(filters).order_by()[: MOST_EXPORTED + 1].count()
    if count > MOST_EXPORTED:
        raise TooLarge("too_many_entries", f"More than {MOST_EXPORTED:,} entries match; choose a shorter span of time.")
    plain = {name: value for name, value in asked.items() if name not in PERSONAL}
    personal = {name: value for name, value in asked.items() if name in PERSONAL}
    record(
        action=EXPORTED,
        category=Category.SYSTEM,
        resource_type="audit_log",
        description=f"{count} entries exported as {kind.upper()}",
        details={"filters": plain, "entries": count, "format": kind},
        personal={"filters": personal} if personal else None,
    )
    return count
