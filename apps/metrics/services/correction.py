"""Corrections of samples, as people ask for them; `correction_work` does them."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.permissions import Action, can
from apps.core import live
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.metrics.models import SampleCorrection
from apps.metrics.models.correction import CorrectionState
from apps.metrics.selectors.correction import Subject, later_over, preview


@transaction.atomic
def request_correction(*, actor: User, subject: Subject, reason: str, now: datetime) -> SampleCorrection:
    """Ask that samples are corrected; a worker does it within seconds and records it.

    Raises Forbidden, Invalid naming the field (also for an empty reason, a span that holds nothing, or too much),
    and Conflict `correction_runs` while another correction of the node goes on.
    """
    refuse_unless_corrector(actor)
    if not reason.strip():
        raise Invalid("no_reason", "Say why.", field="reason")
    preview(subject, now=now)
    row = SampleCorrection(
        tenant_id=subject.node.tenant_id,
        node=subject.node,
        series=subject.series,
        columns=list(subject.columns),
        kind=subject.kind,
        starts_at=subject.starts_at,
        ends_at=subject.ends_at,
        next_at=subject.starts_at,
        reason=reason.strip(),
        actor=actor,
        created_at=now,
    )
    _save_alone(row)
    return row


@transaction.atomic
def request_undo(*, actor: User, correction: SampleCorrection, reason: str, now: datetime) -> None:
    """Ask that a correction is undone; raises Forbidden, and Conflict where that is no longer or not yet possible."""
    refuse_unless_corrector(actor)
    row = SampleCorrection.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if row.state not in (CorrectionState.APPLIED, CorrectionState.FAILED):
        raise Conflict("not_applied", "Only a correction that is done can be undone.")
    if row.forgotten_at:
        raise Conflict("forgotten", "The old values were kept for 30 days, and are gone.")
    if later_over(row).exists():
        raise Conflict("later_correction", "A later correction covers the same time: undo that one first.")
    row.state, row.next_at = CorrectionState.UNDO_WAITING, row.starts_at
    row.undone_by, row.undo_reason, row.failure = actor, reason.strip(), ""
    _save_alone(row)


@transaction.atomic
def request_retry(*, actor: User, correction: SampleCorrection) -> None:
    """Ask that a correction, or an undo, that failed goes on where it stopped; raises Forbidden and Conflict."""
    refuse_unless_corrector(actor)
    row = SampleCorrection.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if not row.has_failed:
        raise Conflict("not_failed", "Only a correction that failed can be tried again.")
    if row.state == CorrectionState.UNDO_FAILED:
        if row.forgotten_at:
            raise Conflict("forgotten", "The old values were kept for 30 days, and are gone.")
        row.state = CorrectionState.UNDO_WAITING
    else:
        row.state = CorrectionState.RUNNING if row.before else CorrectionState.WAITING
    row.failure = ""
    _save_alone(row)


def refuse_unless_corrector(actor: User) -> None:
    """Raise Forbidden for somebody who may not correct samples."""
    if not can(actor, Action.METRICS_CORRECT):
        raise Forbidden("not_allowed", "Your role does not correct samples.")


def _save_alone(row: SampleCorrection) -> None:
    """Write; a node's samples are corrected by one at a time."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("correction_runs", "The data of this node is being corrected already; wait for it.") from None
    live.publish(f"node:{row.node_id}")
