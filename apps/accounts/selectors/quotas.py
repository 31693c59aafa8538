"""Quotas and the requests for more of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.limits import AMOUNTS, Asked, Limit, limits
from apps.accounts.models import Quota, QuotaRequest, QuotaRequestStatus, Strictness, Tenant, User
from apps.accounts.models.quota import Amounts
from apps.accounts.selectors.people import people_seen_by, sees_all_tenants
from apps.core.errors import NotFound
from apps.core.paging import BadCursor, KeysetPage, aware_time, decode_cursor, encode_cursor

ORDER = "quota-requests"
MOST_QUOTAS = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom quotas are for: a person or a tenant, never both."""

    user: User | None = None
    tenant: Tenant | None = None

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant this concerns."""
        return self.tenant.pk if self.tenant else self.user.tenant_id if self.user else None

    def __str__(self) -> str:
        """Return the name."""
        return str((self.user and (self.user.full_name or self.user.email)) or self.tenant)


def amounts_of(row: Amounts | None) -> Asked:
    """Return the five amounts of a quota or a request; nothing for no row."""
    return {name: getattr(row, name) for name in AMOUNTS} if row else {}


def quotas_seen_by(viewer: User) -> QuerySet[Quota]:
    """Return the quotas of the people and tenants somebody may know of."""
    quotas = Quota.objects.select_related("user", "tenant")
    if sees_all_tenants(viewer):
        return quotas
    return quotas.filter(Q(user__tenant=viewer.tenant_id) | Q(tenant=viewer.tenant_id))


def all_quotas(viewer: User) -> list[Quota]:
    """Return every quota, those of tenants first, then people by e-mail."""
    return list(quotas_seen_by(viewer).order_by("tenant__name", "user__email", "strictness")[:MOST_QUOTAS])


def quota_by_id(viewer: User, quota_id: UUID) -> Quota:
    """Return a quota; raises NotFound."""
    found = quotas_seen_by(viewer).filter(pk=quota_id).first()
    if found is None:
        raise NotFound("quota_not_found", "There is no such quota.")
    return found


def quota_of(subject: Subject, strictness: str) -> Quota | None:
    """Return the hard or the soft quota of somebody, None where none is set."""
    return Quota.objects.filter(user=subject.user, tenant=subject.tenant, strictness=strictness).first()


def quotas_of(subject: Subject) -> list[Quota]:
    """Return the quotas set for somebody."""
    return list(Quota.objects.filter(user=subject.user, tenant=subject.tenant).order_by("strictness"))


def limits_of(subject: Subject, now: datetime) -> list[Limit]:
    """Return somebody's limits as they count now: quotas not expired, and raises approved until a later time."""
    rows = {row.strictness: row for row in quotas_of(subject) if row.expires_at is None or row.expires_at > now}
    return limits(
        amounts_of(rows.get(Strictness.HARD)),
        amounts_of(rows.get(Strictness.SOFT)),
        [amounts_of(row) for row in raises_of(subject, now)],
    )


def raises_of(subject: Subject, now: datetime) -> list[QuotaRequest]:
    """Return the approved requests that raise somebody's quota for a while."""
    if subject.user is None:
        return []
    return list(QuotaRequest.objects.filter(user=subject.user, status=QuotaRequestStatus.APPROVED, until__gt=now))


def requests_of(user: User, status: str = "") -> list[QuotaRequest]:
    """Return what somebody asked for, newest first."""
    rows = user.quota_requests.all()
    return list((rows.filter(status=status) if status else rows)[:100])


def requests_page(
    viewer: User, status: str = "", after: str | None = None, limit: int = 50
) -> KeysetPage[QuotaRequest]:
    """Return one page of requests of the people somebody may know of, newest first; raises BadCursor."""
    rows = QuotaRequest.objects.select_related("user").filter(user__in=people_seen_by(viewer))
    rows = rows.filter(status=status) if status else rows
    cursor = decode_cursor(after, ORDER, 2) if after else None
    backwards = cursor is not None and cursor.backwards
    if cursor:
        rows = rows.filter(_beyond(cursor.values, backwards=backwards))
    order = ("created_at", "id") if backwards else ("-created_at", "-id")
    found = list(rows.order_by(*order)[: limit + 1])
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [[row.created_at.isoformat(), str(row.pk)] for row in (found[0], found[-1])] if found else []
    return KeysetPage(
        found,
        encode_cursor(ORDER, ends[1]) if ends and (has_more or backwards) else None,
        encode_cursor(ORDER, ends[0], backwards=True) if ends and cursor and (has_more or not backwards) else None,
    )


def _beyond(values: list[object], *, backwards: bool) -> Q:
    """Return the condition for the rows on the far side of a cursor; raises BadCursor."""
    try:
        at, row_id = aware_time(values[0]), UUID(str(values[1]))
    except ValueError:
        raise BadCursor from None
    side = "gt" if backwards else "lt"
    return Q(**{f"created_at__{side}": at}) | Q(created_at=at, **{f"id__{side}": row_id})


def request_by_id(viewer: User, request_id: UUID) -> QuotaRequest:
    """Return a request with its person; raises NotFound."""
    rows = QuotaRequest.objects.select_related("user__tenant").filter(user__in=people_seen_by(viewer))
    return _found(rows.filter(pk=request_id).first())


def own_request(user: User, request_id: UUID) -> QuotaRequest:
    """Return one of one's own requests; raises NotFound, the same for another's."""
    return _found(user.quota_requests.select_related("user").filter(pk=request_id).first())


def _found(row: QuotaRequest | None) -> QuotaRequest:
    """Return the request; raises NotFound for none."""
    if row is None:
        raise NotFound("request_not_found", "There is no such request.")
    return row
