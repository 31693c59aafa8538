"""Changes how long tables are kept: for the whole portal at once, by an ADMIN bound to no tenant."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services.guards import refuse_unless_for_all
from apps.core import live
from apps.core.context import because
from apps.core.errors import Conflict, Invalid
from apps.metrics.models import RetentionPolicy
from apps.metrics.models.retention_policy import FEWEST_DAYS, MOST_DAYS, SOONEST_COMPRESSED, KeptTable
from apps.metrics.selectors.retention_policy import (
    COMPRESSIBLE,
    USUAL_DAYS,
    Kept,
    Loss,
    loss_of,
    retention_of,
    stock_of,
)
from apps.metrics.services.retention import apply_retention


@transaction.atomic
def change_retention(
    *,
    actor: User,
    table: KeptTable,
    keep_days: int,
    compress_after_days: int | None,
    reason: str,
    accepts_loss: Loss | None,
    now: datetime,
) -> Kept:
    """Keep a table for so many days from now on; what is older goes with the next nightly run.

    `accepts_loss` is what the caller knows to go. Raises Forbidden for an ADMIN of one tenant, Invalid naming the field
    for a number out of bounds, and Conflict `would_drop` when something stored would go that they do not know of.
    """
    refuse_unless_for_all(actor)
    check_days(table, keep_days, compress_after_days)
    stock = stock_of(table)
    loss = loss_of(stock.pieces, keep_days, now)
    known = (accepts_loss.pieces, accepts_loss.until) if accepts_loss else (0, None)
    if keep_days < stock.kept.keep_days and loss.pieces and known != (loss.pieces, loss.until):
        raise Conflict("would_drop", "This drops stored data: say that it is meant.", field="accepts_loss")
    with because(reason):
        # A row that was lost comes back here, and the change is then to what is usual.
        row, _ = RetentionPolicy.objects.select_for_update().get_or_create(
            pk=table, defaults={"keep_days": USUAL_DAYS[table]}
        )
        row.keep_days, row.compress_after_days = keep_days, compress_after_days
        row.updated_at, row.updated_by, row.applied_at = now, actor.pk, None
        row.save()
    live.publish("retention")
    return Kept(str(table), keep_days, compress_after_days)


def check_days(table: KeptTable, keep_days: int, compress_after_days: int | None) -> None:
    """Raise Invalid for numbers out of bounds."""
    if not FEWEST_DAYS <= keep_days <= MOST_DAYS:
        raise Invalid("bad_days", f"Keep between {FEWEST_DAYS} and {MOST_DAYS} days.", field="keep_days")
    if compress_after_days is None:
        return
    if not SOONEST_COMPRESSED <= compress_after_days < keep_days:
        text = f"Compress after at least {SOONEST_COMPRESSED} days, and before the data goes."
        raise Invalid("bad_days", text, field="compress_after_days")
    if table not in COMPRESSIBLE:
        raise Invalid("not_compressible", "This table is small and is not compressed.", field="compress_after_days")


@transaction.atomic
def apply_changes(*, now: datetime) -> list[Kept]:
    """Tell the server of the policies that changed since it was last told; returns them."""
    waiting = RetentionPolicy.objects.select_for_update(skip_locked=True).filter(applied_at__isnull=True)
    names = list(waiting.values_list("pk", flat=True))
    kept = retention_of()
    changed = [kept[name] for name in names]
    apply_retention(changed)
    RetentionPolicy.objects.filter(pk__in=names).update(applied_at=now)
    return changed
