"""Reads of the audit log."""

from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.audit.models import AuditLog
from apps.core.paging import BadCursor, KeysetPage, aware_time, decode_cursor, encode_cursor
from apps.core.text import are_storable

ORDER = "audit"


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What to show; empty values do not narrow. `person_id` is whom an entry is by or about."""

    category: str = ""
    action: str = ""
    user_email: str = ""
    resource_id: str = ""
    status: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    with_row_images: bool = False
    ip_address: str = ""
    request_id: str = ""
    person_id: UUID | None = None
    has_reason: bool | None = None


def audit_entries(filters: AuditFilters) -> QuerySet[AuditLog]:
    """Return the entries that match, newest first, unbounded: for export."""
    if not are_storable(astuple(filters)):
        return AuditLog.objects.none()
    exact = {
        "category": filters.category,
        "action": filters.action,
        "resource_id": filters.resource_id,
        "status": filters.status,
        "ip_address": filters.ip_address,
        "request_id": filters.request_id,
    }
    rows = AuditLog.objects.filter(**{name: value for name, value in exact.items() if value})
    if filters.person_id:
        rows = rows.filter(Q(user_id=filters.person_id) | Q(subject_id=filters.person_id))
    if filters.has_reason is not None:
        rows = rows.exclude(reason="") if filters.has_reason else rows.filter(reason="")
    if filters.user_email:
        rows = rows.filter(user_email__icontains=filters.user_email)
    if filters.since:
        rows = rows.filter(timestamp__gte=filters.since)
    if filters.until:
        rows = rows.filter(timestamp__lt=filters.until)
    if not filters.with_row_images:
        rows = rows.filter(is_row_image=False)
    if filters.text:
        words = Q(description__icontains=filters.text) | Q(resource_name__icontains=filters.text)
        rows = rows.filter(words | Q(action__icontains=filters.text) | Q(reason__icontains=filters.text))
    return rows.order_by("-timestamp", "-id")


def entries_before(filters: AuditFilters, last: AuditLog | None, limit: int) -> list[AuditLog]:
    """Return the next entries that match and are older than one, newest first: an export goes on from the last."""
    rows = audit_entries(filters)
    return list((_beyond(rows, [last.timestamp.isoformat(), last.id], backwards=False) if last else rows)[:limit])


def audit_page(filters: AuditFilters, after: str | None = None, limit: int = 50) -> KeysetPage[AuditLog]:
    """Return one page of entries, newest first; raises BadCursor."""
    rows = audit_entries(filters)
    backwards = False
    if after:
        cursor = decode_cursor(after, ORDER, 2)
        backwards = cursor.backwards
        rows = _beyond(rows, cursor.values, backwards=backwards)
    found = list(rows[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [[row.timestamp.isoformat(), row.id] for row in (found[0], found[-1])] if found else None
    return KeysetPage(
        found,
        encode_cursor(ORDER, ends[1]) if ends and (has_more or backwards) else None,
        encode_cursor(ORDER, ends[0], backwards=True) if ends and after and (has_more or not backwards) else None,
    )


def _beyond(rows: QuerySet[AuditLog], values: list[object], *, backwards: bool) -> QuerySet[AuditLog]:
    """Keep the rows on the far side of a cursor."""
    try:
        at, row_id = aware_time(values[0]), int(str(values[1]))
    except ValueError:
        raise BadCursor from None
    if backwards:
        later = Q(timestamp__gt=at) | Q(timestamp=at, id__gt=row_id)
        return rows.filter(later, timestamp__gte=at).order_by("timestamp", "id")
    earlier = Q(timestamp__lt=at) | Q(timestamp=at, id__lt=row_id)
    return rows.filter(earlier, timestamp__lte=at)


def images_of_request(request_id: str) -> QuerySet[AuditLog]:
    """Return the row images written by one request: what an event changed, column by column."""
    return AuditLog.objects.filter(request_id=request_id, is_row_image=True).order_by("id")
