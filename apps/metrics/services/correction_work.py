"""Does the corrections that people asked for, day by day: a killed worker loses one day's work, and goes on there.

Rows are locked in the order in which the ingest door locks them, a series before the newest vitals before the marks of
hours before the samples, so that the two wait for each other at most in a line.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.audit.models import Category
from apps.audit.services import record
from apps.core import live, sql
from apps.core.context import RequestContext, acting, current
from apps.metrics.models import CorrectedSample, CorrectedUsage, NodeLatest, SampleCorrection
from apps.metrics.models.correction import FAILED_STATES, OPEN_STATES, CorrectionKind, CorrectionState
from apps.metrics.selectors.correction import figures, kept_since, subject_of
from apps.metrics.selectors.retention_policy import server_compresses
from apps.metrics.services.refresh import refresh

VALUES_KEPT = timedelta(days=30)
UNDO_STATES = (CorrectionState.UNDO_WAITING, CorrectionState.UNDOING)
log = logging.getLogger(__name__)


def advance_corrections(*, clock: Callable[[], datetime], seconds: float = 40) -> int:
    """Work on the open corrections for about so long, oldest first; returns how many pieces were done.

    A correction that fails says so on its row and holds up no other; one that only met a server in trouble (a lost
    connection, a deadlock) is tried again with the next run.
    """
    ends, pieces = clock() + timedelta(seconds=seconds), 0
    passed_over: set[UUID] = set()
    while clock() < ends and (row_id := _oldest(passed_over)):
        now = clock()
        try:
            is_done = _advance(row_id, now)
        except OperationalError:
            log.warning("Correction %s met a server in trouble and is tried again.", row_id, exc_info=True)
            is_done = False
        except Exception as error:  # the task's edge: other people's corrections must go on
            log.exception("Correction %s failed.", row_id)
            _note_failure(row_id, error)
            is_done = False
        pieces += is_done
        if not is_done:
            passed_over.add(row_id)
    return pieces


@transaction.atomic
def forget_corrected(*, now: datetime) -> int:
    """Drop the old values of corrections made more than 30 days ago; returns of how many."""
    ended = Q(state=CorrectionState.APPLIED, applied_at__lt=now - VALUES_KEPT)
    failed = Q(state__in=FAILED_STATES, created_at__lt=now - VALUES_KEPT)
    old = SampleCorrection.objects.filter(ended | failed, forgotten_at__isnull=True)
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
    _forget(*ids)
    return SampleCorrection.objects.filter(pk__in=ids).update(forgotten_at=now)


def _oldest(passed_over: set[UUID]) -> UUID | None:
    """Return the oldest open correction but these."""
    found = SampleCorrection.objects.filter(state__in=OPEN_STATES).exclude(pk__in=passed_over)
    return found.order_by("created_at").values_list("pk", flat=True).first()


@transaction.atomic
def _advance(row_id: UUID, now: datetime) -> bool:
    """Do the next piece of a correction; False when somebody else works on it."""
    found = SampleCorrection.objects.select_for_update(skip_locked=True, of=("self",))
    row = found.select_related("node", "series").filter(pk=row_id, state__in=OPEN_STATES).first()
    if row is None:
        return False
    _begin(row, now)
    starts, ends = row.next_at, _piece_end(row)
    at = _lock(row, starts, ends, now)
    if row.state == CorrectionState.UNDOING:
        row.rows_restored += _put_back(row, starts, ends)
    else:
        row.rows_affected += _take(row, starts, ends)
    _refresh(row, starts, ends, at, now)
    row.next_at = ends
    if ends >= row.ends_at:
        _finish(row, now)
    row.save()
    live.publish("nodes", f"node:{row.node_id}")
    return True


@transaction.atomic
def _note_failure(row_id: UUID, error: Exception) -> None:
    """Say on a correction that it failed and why, until somebody has it tried again."""
    found = SampleCorrection.objects.select_for_update(skip_locked=True, of=("self",))
    row = found.filter(pk=row_id, state__in=OPEN_STATES).first()
    if row is None:
        return
    is_undo = row.state in UNDO_STATES
    row.state = CorrectionState.UNDO_FAILED if is_undo else CorrectionState.FAILED
    row.failure = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    row.save(update_fields=["state", "failure"])
    live.publish("nodes", f"node:{row.node_id}")


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
        return sql.execute(__file__, "take_samples.sql", params)
    if row.kind == CorrectionKind.REMOVE:
        return sql.execute(__file__, "take_usage.sql", params)
    sql.execute(__file__, "keep_usage.sql", params)
    return sql.execute(__file__, "blank_usage.sql", params)


def _put_back(row: SampleCorrection, starts: datetime, ends: datetime) -> int:
    """Put the kept samples of a piece back where nothing newer is; returns how many."""
    params = _params(row, starts, ends)
    if row.series_id is not None:
        return sql.execute(__file__, "put_back_samples.sql", params)
    is_whole = row.kind == CorrectionKind.REMOVE
    return sql.execute(__file__, "put_back_usage.sql" if is_whole else "fill_usage.sql", params)


def _params(row: SampleCorrection, starts: datetime, ends: datetime) -> dict[str, Any]:
    """Return what the statements of a piece take."""
    return {
        "correction_id": row.pk,
        "node_id": row.node_id,
        "series_id": row.series_id,
        "columns": list(row.columns),
        "starts": starts,
        "ends": ends,
    }


def _lock(row: SampleCorrection, starts: datetime, ends: datetime, now: datetime) -> datetime | None:
    """Lock what a piece changes beside its samples, as the door would; returns the time of the newest vitals.

    Where there are none their place is held: `_renew_latest` fills it or takes it away.
    """
    if row.series_id is not None:
        sql.fetch_all(__file__, "lock_series_note.sql", {"series_id": row.series_id})
    is_new = row.series_id is None and starts < ends and _hold_latest(row, now)
    newest = NodeLatest.objects.select_for_update().filter(node=row.node_id)
    at = None if is_new else newest.values_list("at", flat=True).first()
    sql.fetch_all(__file__, "mark_refreshed.sql", {"node_ids": [row.node_id], "start": starts, "end": ends, "now": now})
    return at


def _hold_latest(row: SampleCorrection, now: datetime) -> bool:
    """Hold the place of the newest vitals where there are none; tells whether that was so."""
    return sql.execute(__file__, "hold_latest.sql", {"node_id": row.node_id, "now": now}) > 0


def _refresh(row: SampleCorrection, starts: datetime, ends: datetime, at: datetime | None, now: datetime) -> None:
    """Bring the series' note, roll-ups and the newest vitals, which were of `at`, in step with the samples."""
    if starts >= ends:
        return
    if row.series_id is not None:
        sql.execute(__file__, "renew_series.sql", {"series_id": row.series_id, "now": now})
    refresh(node_ids=[row.node_id], start=starts, end=ends, now=now, renews_latest=False)
    if row.series_id is None and (at is None or (at < ends and (at >= starts or row.state == CorrectionState.UNDOING))):
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
