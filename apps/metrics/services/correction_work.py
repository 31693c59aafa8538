"""Does the corrections that people asked for, day by day: a killed worker loses one day's work, and goes on there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live, sql
from apps.core.context import RequestContext, acting, current
from apps.metrics.models import CorrectedSample, CorrectedUsage, NodeLatest, SampleCorrection
from apps.metrics.models.correction import OPEN_STATES, CorrectionKind, CorrectionState
from apps.metrics.selectors.correction import figures, kept_since, subject_of
from apps.metrics.selectors.retention_policy import server_compresses
from apps.metrics.services.refresh import refresh

VALUES_KEPT = timedelta(days=30)
UNDO_STATES = (CorrectionState.UNDO_WAITING, CorrectionState.UNDOING)


def advance_corrections(*, clock: Callable[[], datetime], seconds: float = 40) -> int:
    """Work on the open corrections for about so long, oldest first; returns how many pieces were done."""
    ends, pieces = clock() + timedelta(seconds=seconds), 0
    while clock() < ends and _advance(clock()):
        pieces += 1
    return pieces


@transaction.atomic
def forget_corrected(*, now: datetime) -> int:
    """Drop the old values of corrections made more than 30 days ago; returns of how many."""
    old = SampleCorrection.objects.filter(
        state=CorrectionState.APPLIED, applied_at__lt=now - VALUES_KEPT, forgotten_at__isnull=True
    )
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
    _forget(*ids)
    return SampleCorrection.objects.filter(pk__in=ids).update(forgotten_at=now)


@transaction.atomic
def _advance(now: datetime) -> bool:
    """Do the next piece of the oldest open correction that nobody works on; False when there is none."""
    found = SampleCorrection.objects.select_for_update(skip_locked=True, of=("self",))
    row = found.select_related("node", "series").filter(state__in=OPEN_STATES).order_by("created_at").first()
    if row is None:
        return False
    _begin(row, now)
    starts, ends = row.next_at, _piece_end(row)
    if row.state == CorrectionState.UNDOING:
        row.rows_restored += _put_back(row, starts, ends)
    else:
        row.rows_affected += _take(row, starts, ends)
    _refresh(row, starts, ends, now)
    row.next_at = ends
    if ends >= row.ends_at:
        _finish(row, now)
    row.save()
    live.publish("nodes", f"node:{row.node_id}")
    return True


def _begin(row: SampleCorrection, now: datetime) -> None:
    """Note the figures before the first piece; what was dropped since a correction cannot be put back."""
    if server_compresses():
        sql.fetch_all(__file__, "decompress_freely.sql", {})
    if row.state == CorrectionState.WAITING:
        row.state, row.before = CorrectionState.RUNNING, figures(subject_of(row))
    elif row.state == CorrectionState.UNDO_WAITING:
        row.state = CorrectionState.UNDOING
        row.next_at = min(row.ends_at, max(row.starts_at, kept_since(row.series_id is not None, now)))


def _piece_end(row: SampleCorrection) -> datetime:
    """Return the end of the next piece: the next UTC midnight, or the end of the correction."""
    midnight = row.next_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight + timedelta(days=1), row.ends_at)


def _take(row: SampleCorrection, starts: datetime, ends: datetime) -> int:
    """Keep the samples of a piece aside and take them away; returns how many."""
    params = _params(row, starts, ends)
    if row.series_id is not None:
        sql.execute(__file__, "keep_samples.sql", params)
        return sql.execute(__file__, "remove_samples.sql", params)
    sql.execute(__file__, "keep_usage.sql", params)
    return sql.execute(__file__, "remove_usage.sql" if params["is_whole"] else "blank_usage.sql", params)


def _put_back(row: SampleCorrection, starts: datetime, ends: datetime) -> int:
    """Put the kept samples of a piece back where nothing newer is; returns how many."""
    params = _params(row, starts, ends)
    if row.series_id is not None:
        return sql.execute(__file__, "put_back_samples.sql", params)
    return sql.execute(__file__, "put_back_usage.sql" if params["is_whole"] else "fill_usage.sql", params)


def _params(row: SampleCorrection, starts: datetime, ends: datetime) -> dict[str, Any]:
    """Return what the statements of a piece take."""
    return {
        "correction_id": row.pk,
        "node_id": row.node_id,
        "series_id": row.series_id,
        "columns": list(row.columns),
        "is_whole": row.kind == CorrectionKind.REMOVE,
        "starts": starts,
        "ends": ends,
    }


def _refresh(row: SampleCorrection, starts: datetime, ends: datetime, now: datetime) -> None:
    """Bring roll-ups and the newest values in step with the samples of a piece."""
    if starts >= ends:
        return
    # The lock makes a door that brings newer vitals wait until what is read here is written.
    at = NodeLatest.objects.select_for_update().filter(node=row.node_id).values_list("at", flat=True).first()
    refresh(node_ids=[row.node_id], start=starts, end=ends, now=now)
    if row.series_id is not None:
        sql.execute(__file__, "renew_series.sql", {"series_id": row.series_id})
    elif at is None or (at < ends and (at >= starts or row.state == CorrectionState.UNDOING)):
        _renew_latest(row, now)


def _renew_latest(row: SampleCorrection, now: datetime) -> None:
    """Write the newest vitals anew from the samples; none when no sample is left."""
    if not sql.execute(__file__, "newest_to_latest.sql", {"node_id": row.node_id, "now": now}):
        NodeLatest.objects.filter(node=row.node_id).delete()


def _finish(row: SampleCorrection, now: datetime) -> None:
    """Note how it ended, and record it as the act of whoever asked."""
    figures_now = figures(subject_of(row))
    if row.state == CorrectionState.UNDOING:
        row.state, row.undone_at = CorrectionState.UNDONE, now
        _forget(row.pk)
        details = {"rows_restored": row.rows_restored, "before": row.after, "after": figures_now}
        return _record(row, "CORRECTION_UNDONE", row.undone_by, row.undo_reason, details)
    row.state, row.applied_at, row.after = CorrectionState.APPLIED, now, figures_now
    details = {"rows_affected": row.rows_affected, "before": row.before, "after": row.after}
    return _record(row, "SAMPLES_CORRECTED", row.actor, row.reason, details)


def _record(row: SampleCorrection, action: str, actor: User | None, reason: str, details: dict[str, Any]) -> None:
    """Record an event about the node."""
    what = {
        "correction_id": str(row.pk),
        "kind": row.kind,
        "series": str(row.series) if row.series else None,
        "columns": list(row.columns),
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }
    person = {"user_id": str(actor.pk), "user_email": actor.email, "user_role": actor.role} if actor else {}
    circumstances = RequestContext(request_id=current().request_id, reason=reason, tenant_ids="all", **person)
    with acting(circumstances if actor else RequestContext(user_role="SYSTEM", tenant_ids="all", reason=reason)):
        record(
            action=action,
            category=Category.NODE,
            resource_type="node",
            resource_id=row.node_id,
            resource_name=row.node.hostname,
            details={**what, **details},
            tenant_id=row.tenant_id,
        )


def _forget(*ids: object) -> None:
    """Drop the old values of corrections."""
    CorrectedUsage.objects.filter(correction__in=ids).delete()
    CorrectedSample.objects.filter(correction__in=ids).delete()
