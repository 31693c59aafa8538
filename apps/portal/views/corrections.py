"""Correcting samples of a node: what, a preview, a yes; then how far it is, and a way back."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Action
from apps.metrics.models import SampleCorrection
from apps.metrics.selectors.correction import (
    CORES,
    Preview,
    Subject,
    correction_of,
    corrections_of,
    preview,
    series_of,
)
from apps.metrics.services.correction import request_correction, request_retry, request_undo
from apps.nodes.models import Node
from apps.nodes.selectors import node_by_id
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import UNPROCESSABLE, Dialog, attempt, done, is_fragment, posted, show_form
from apps.portal.forms.corrections import CorrectionForm, label_of, series_label, unit_of, what_of
from apps.portal.forms.node_actions import ReasonForm
from apps.portal.shown import Part, is_sealed, seal

QUESTION = "correction"
UNDO_TEXT = "The old values come back, unless newer ones are there. Charts and roll-ups follow within seconds."


@require(Action.METRICS_CORRECT)
def correct(request: SignedIn, node_id: UUID) -> HttpResponse:
    """Ask what is wrong; show what would change; do it after a yes to exactly that."""
    node, now, asked = node_by_id(node_id), timezone.now(), request.POST
    form = CorrectionForm(posted(request), node=node, series=series_of(node), what=request.GET.get("what", ""))
    context: dict[str, Any] = {"node": node, "form": form, "tab": "corrections"}
    if not form.is_valid() or "change" in asked:
        return _answer(request, form, context)
    subject = form.subject()
    found: Preview | None = attempt(form, preview, subject=subject, now=now)
    if found is None:
        return _answer(request, form, context)
    parts = sealed_parts(subject, found)
    is_meant = "confirmed" in asked and is_sealed(asked.get("shown", ""), QUESTION, *parts)
    reason = form.cleaned_data["reason"]
    if is_meant and attempt(form, request_correction, actor=request.user, subject=subject, reason=reason, now=now):
        back = resolve_url("nodes:corrections", node_id)
        return done(request, back, "The correction is under way; this page shows how far it is.")
    if "confirmed" in asked and not is_meant:
        form.add_error(None, "This is not what you were shown, or samples came or went since. Look again.")
    context |= {"preview": found, "shown": seal(QUESTION, *parts), "reason": reason, **told(found, subject)}
    return _answer(request, form, context)


def _answer(request: SignedIn, form: CorrectionForm, context: dict[str, Any]) -> HttpResponse:
    """The page with the form, or with the preview in its place."""
    return render(request, "nodes/correct.html", context, status=UNPROCESSABLE if form.errors else 200)


def sealed_parts(subject: Subject, found: Preview) -> tuple[Part, ...]:
    """What a yes is about."""
    series = subject.series.pk if subject.series else None
    span = (subject.starts_at.timestamp(), subject.ends_at.timestamp())
    return (str(subject.node.pk), series, list(subject.columns), subject.kind, *map(str, span), found.rows)


@require_GET
@require(Action.METRICS_CORRECT)
def corrections(request: SignedIn, node_id: UUID) -> HttpResponse:
    """What was corrected, how far it is, and what can be undone; read again by the page while something goes on."""
    node = node_by_id(node_id)
    rows = corrections_of(node)
    context = {
        "node": node,
        "rows": [(row, what_of(row), name_of(row.actor), name_of(row.undone_by)) for row in rows],
        "is_open": any(row.is_open for row in rows),
        "tab": "corrections",
    }
    template = "nodes/_corrections.html" if is_fragment(request) else "nodes/corrections.html"
    return render(request, template, context)


@require(Action.METRICS_CORRECT)
def undo(request: SignedIn, node_id: UUID, correction_id: UUID) -> HttpResponse:
    """Put the old values back."""
    node = node_by_id(node_id)
    row, back = correction_of(node, correction_id), resolve_url("nodes:corrections", node_id)
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form,
        request_undo,
        actor=request.user,
        correction=row,
        reason=form.cleaned_data["reason"],
        now=timezone.now(),
    ):
        return done(request, back, "The correction is being undone.")
    return show_form(request, form, _undo_dialog(node, row, back))


@require(Action.METRICS_CORRECT)
def retry(request: SignedIn, node_id: UUID, correction_id: UUID) -> HttpResponse:
    """Have a correction that failed go on."""
    node = node_by_id(node_id)
    row, back = correction_of(node, correction_id), resolve_url("nodes:corrections", node_id)
    form = forms.Form(posted(request))
    if form.is_valid() and attempt(form, request_retry, actor=request.user, correction=row):
        return done(request, back, "It goes on where it stopped.")
    lines = (f"{what_of(row)} on {node.hostname}.", *filter(None, [row.failure]))
    dialog = Dialog("Try again", "Try again", back, "It goes on where it stopped.", lines, icon="rotate")
    return show_form(request, form, dialog)


def told(found: Preview, subject: Subject) -> dict[str, Any]:
    """A preview as the page shows it."""
    names = [name for name in subject.shown if name != CORES][:6]
    columns = ", ".join(label_of(name) for name in subject.columns)
    return {
        "subject": subject,
        "what": series_label(subject.series) if subject.series else columns or "all vitals",
        "seconds": (subject.ends_at - subject.starts_at).total_seconds(),
        "figures": [(label_of(name), unit_of(name, subject.series), figs) for name, figs in found.figures.items()],
        "heads": [(label_of(name), unit_of(name, subject.series)) for name in names],
    }


def name_of(person: User | None) -> str:
    """Somebody's name; one whose account is gone, or of whom this person may not know, has none."""
    return person.full_name or person.email if person else "somebody"


def _undo_dialog(node: Node, row: SampleCorrection, back: str) -> Dialog:
    """The words around the question."""
    lines = (f"{row.rows_affected} samples of {what_of(row)} on {node.hostname}.",)
    return Dialog("Undo the correction", "Undo it", back, UNDO_TEXT, lines, icon="rotate")
