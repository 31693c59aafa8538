"""How long time series are kept, what that takes, and what a shorter period would drop."""

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render, resolve_url
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.accounts.selectors.people import sees_all_tenants
from apps.metrics.models.retention_policy import KeptTable
from apps.metrics.selectors.retention_policy import Loss, Stock, loss_of, server_compresses, stock_of, stocks
from apps.metrics.services.retention_policy import change_retention
from apps.portal.access import SignedIn, require
from apps.portal.dialogs import Dialog, attempt, done, posted, show_form
from apps.portal.forms.retention import RetentionForm
from apps.portal.shown import is_sealed, seal

QUESTION = "retention"
TEXT = "Counted from now. A longer period brings nothing back that has gone; what becomes too old goes every night."


@require_GET
@require(Action.RETENTION_EDIT)
def retention(request: SignedIn) -> HttpResponse:
    """Every table with its period, its size and where its data begins."""
    found = stocks()
    context = {
        "stocks": found,
        "total_bytes": sum(stock.bytes for stock in found),
        "server_compresses": server_compresses(),
        "may_change": sees_all_tenants(request.user),
        "now": timezone.now(),
    }
    return render(request, "settings/retention.html", context)


@require(Action.RETENTION_EDIT)
def change(request: SignedIn, table: str) -> HttpResponse:
    """Change one period: a shorter one is first said in what it drops, and must then be meant."""
    if table not in KeptTable.values:
        raise Http404
    stock, now, back = stock_of(KeptTable(table)), timezone.now(), resolve_url("settings:retention")
    days = RetentionForm.days_in(request.POST.get("keep_days", ""))
    loss = loss_of(stock.pieces, days, now) if days and days < stock.kept.keep_days else None
    form = RetentionForm(
        _meant(request, table, days, loss),
        kept=stock.kept,
        can_compress=server_compresses() and stock.can_compress,
        would_drop=bool(loss and loss.pieces),
    )
    if form.is_valid() and attempt(
        form,
        change_retention,
        actor=request.user,
        table=KeptTable(table),
        keep_days=form.cleaned_data["keep_days"],
        compress_after_days=form.compress_after(),
        reason=form.cleaned_data["reason"],
        accepts_loss=loss if form.cleaned_data.get("accepts_loss") else None,
        now=now,
    ):
        return done(request, back, f"{stock.label}: kept for {form.cleaned_data['keep_days']} days from now on.")
    return show_form(request, form, _dialog(stock, loss, back))


def _meant(request: SignedIn, table: str, days: int | None, loss: Loss | None) -> QueryDict | None:
    """The sent form; its tick counts only for the loss that was shown with it, and is taken off for any other."""
    data = posted(request)
    if data is None or loss is None or loss.until is None:
        return data
    data, parts = data.copy(), (table, days, loss.pieces, loss.until.isoformat())
    if not is_sealed(data.get("shown", ""), QUESTION, *parts):
        data.pop("accepts_loss", None)
    data["shown"] = seal(QUESTION, *parts)
    return data


def _dialog(stock: Stock, loss: Loss | None, back: str) -> Dialog:
    """The words around the form; what goes is said as days, pieces and bytes."""
    lines: tuple[str, ...] = ()
    if loss and loss.pieces and loss.since and loss.until:
        days = (loss.until - loss.since).days
        size = filesizeformat(loss.bytes)
        gone = f"{_counted(days, 'day')} {'goes' if days == 1 else 'go'} with the next nightly run"
        lines = (
            f"{gone}: {loss.since:%d %b %Y} to {loss.until:%d %b %Y}.",
            f"{_counted(loss.pieces, 'piece')} of the table, {size} on disk.",
            "Nothing brings them back.",
        )
    title = f"Keep: {stock.label.lower()}"
    return Dialog(title, "Save", back, TEXT, lines, is_dangerous=bool(lines), icon="database")


def _counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
