"""Quotas: set, asked for beyond, decided. Enforced where sessions are launched."""

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from apps.accounts.limits import AMOUNTS, Asked, raised
from apps.accounts.models import Quota, QuotaRequest, QuotaRequestStatus, Strictness, User
from apps.accounts.selectors.quotas import Subject, quota_of, quotas_of
from apps.accounts.services.versions import locked
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live
from apps.core.context import because
from apps.core.errors import Conflict, Invalid

MOST: Final = 1e9
SETTABLE: Final = (*AMOUNTS, "grace_minutes", "expires_at", "comment")


@transaction.atomic
def set_quota(
    *, subject: Subject, strictness: str, values: dict[str, Any], version: int | None, reason: str, now: datetime
) -> Quota:
    """Set the hard or the soft quota of a person or a tenant; amounts left out stay, None lifts a limit.

    `version` is that of the quota that was read, None where none was set. Raises Conflict `changed_meanwhile`,
    Invalid for an amount that is none, a soft limit above the hard one, or a time that has passed.
    """
    _check(values, now)
    with because(reason):
        row = quota_of(subject, strictness)
        if row is None:
            row = Quota(user=subject.user, tenant=subject.tenant, strictness=strictness)
        else:
            # Nothing read, yet something there: it was set meanwhile.
            row = locked(row, version if version is not None else 0)
        for name in SETTABLE:
            if name in values:
                setattr(row, name, values[name])
        _compare(subject, row)
        _save(row)
        record(
            action="QUOTA_SET", category=Category.USER, resource_type="quota", resource_id=row.pk,
            resource_name=str(subject), details={"strictness": strictness, **_plain(row)},
            tenant_id=subject.tenant_id,
        )  # fmt: skip
        live.publish("quotas")
    row.refresh_from_db()
    return row


@transaction.atomic
def request_quota(*, user: User, amounts: Asked, reason: str, until: datetime | None, now: datetime) -> QuotaRequest:
    """Ask for more; raises Invalid when nothing is asked for, Conflict while an earlier request is open."""
    asked = {name: amount for name, amount in amounts.items() if amount is not None}
    if not asked:
        raise Invalid("nothing_asked", "Say at least one amount.", field="cpu_cores")
    _check({**asked, "until": until}, now)
    row = QuotaRequest(user=user, reason=reason, until=until, **asked)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict("request_open", "Your earlier request is still open; withdraw it first.") from None
    row.refresh_from_db()
    _record("QUOTA_REQUESTED", row)
    return row


@transaction.atomic
def withdraw_request(*, request: QuotaRequest, now: datetime) -> QuotaRequest:
    """Take one's own open request back; raises Conflict for a decided one."""
    row = _locked_open(request)
    row.status, row.decided_at = QuotaRequestStatus.WITHDRAWN, now
    row.save(update_fields=["status", "decided_at", "updated_at"])
    _record("QUOTA_REQUEST_WITHDRAWN", row)
    return row


@transaction.atomic
def decide_request(
    *, actor: User, request: QuotaRequest, is_approved: bool, comment: str, now: datetime
) -> QuotaRequest:
    """Approve or refuse an open request, with words for its person.

    Approved without an end, the person's quotas themselves are raised; with one, the request raises them until then.
    Raises Conflict for one's own request, and for one that is decided.
    """
    if request.user_id == actor.pk:
        raise Conflict("own_request", "Nobody decides their own request; ask another administrator.")
    row = _locked_open(request)
    if is_approved and row.until is not None and row.until <= now:
        raise Conflict("time_has_passed", "The time it was asked for has passed; refuse it.")
    row.status = QuotaRequestStatus.APPROVED if is_approved else QuotaRequestStatus.REFUSED
    row.decided_by, row.decided_at, row.decision = actor.pk, now, comment
    with because(comment):
        row.save(update_fields=["status", "decided_by", "decided_at", "decision", "updated_at"])
        if is_approved and row.until is None:
            _raise(row)
        _record(f"QUOTA_REQUEST_{row.status.upper()}", row)
    return row


def _raise(request: QuotaRequest) -> None:
    """Raise the person's quotas to what was asked for; a thing without a limit stays so."""
    for row in quotas_of(Subject(user=request.user)):
        quota = locked(row, None)
        for name in AMOUNTS:
            setattr(quota, name, raised(getattr(quota, name), [getattr(request, name)]))
        quota.save()


def _locked_open(request: QuotaRequest) -> QuotaRequest:
    """Return the request, locked; raises Conflict when it is not open any more."""
    row = QuotaRequest.objects.select_for_update(of=("self",)).select_related("user").get(pk=request.pk)
    if row.status != QuotaRequestStatus.OPEN:
        raise Conflict("not_open", f"This request is {row.status} already.")
    return row


def _check(values: dict[str, Any], now: datetime) -> None:
    """Refuse amounts beyond sense and times that have passed."""
    for name in AMOUNTS:
        amount = values.get(name)
        if amount is not None and not 0 <= amount <= MOST:
            raise Invalid("bad_amount", "An amount lies between 0 and 10^9.", field=name)
    for name in ("expires_at", "until"):
        if values.get(name) is not None and values[name] <= now:
            raise Invalid("time_has_passed", "This time has already passed.", field=name)


def _compare(subject: Subject, row: Quota) -> None:
    """Refuse a soft limit above the hard one."""
    other = Strictness.SOFT if row.strictness == Strictness.HARD else Strictness.HARD
    rows = {row.strictness: row, other: quota_of(subject, other)}
    hard, soft = rows[Strictness.HARD], rows[Strictness.SOFT]
    for name in AMOUNTS:
        most, least = getattr(hard, name, None), getattr(soft, name, None)
        if most is not None and least is not None and least > most:
            raise Invalid(
                "soft_above_hard", f"The soft limit ({least:g}) is above the hard one ({most:g}).", field=name
            )


def _save(row: Quota) -> None:
    """Write; one that somebody else has just set is told apart from our own mistakes."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("changed_meanwhile", "Somebody has just set this quota; look again, then save.") from None


def _plain(row: Quota | QuotaRequest) -> dict[str, float]:
    """Return the amounts that are set."""
    return {name: getattr(row, name) for name in AMOUNTS if getattr(row, name) is not None}


def _record(action: str, row: QuotaRequest) -> None:
    """Record what became of a request and tell the pages about quotas."""
    record(
        action=action, category=Category.USER, resource_type="quota_request", resource_id=row.pk,
        resource_name=row.user.email, details=_plain(row), tenant_id=row.user.tenant_id,
    )  # fmt: skip
    live.publish("quotas")
