"""Nodes ranked by one metric over a window: as bars, and step by step as a map."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Action
from apps.core.errors import Invalid
from apps.metrics.selectors.query import Aggregation, Answer, Query, Window, WindowAnswer, instant, run
from apps.metrics.selectors.query_names import metric_names
from apps.metrics.selectors.query_plan import nice_step
from apps.metrics.vitals import VITALS
from apps.nodes.selectors import NodeFilters
from apps.portal.access import require
from apps.portal.forms.metrics import DEFAULT_VITAL, WORDS, MapForm, WindowForm
from apps.portal.forms.spans import SpanForm, span_of_page
from apps.portal.own_span import in_epoch_seconds
from apps.portal.ranked import bars, csv_of, time_map, titled
from apps.portal.spans import RANGES, Span
from apps.portal.tiers import tier_words

DEFAULT_RANGE = "24h"
MOST_STEPS = 31
DEFAULT_TOP = 20
MOST_NAMES = 300
# Where a refusal of the query service is said: beside the field of the page that asked for it.
FIELDS = {"metric": "metric", "aggregation": "how", "top": "top", "selector": "tag", "labels": "label"}


@require_GET
@require(Action.METRICS_VIEW)
@in_epoch_seconds
def over_time(request: HttpRequest) -> HttpResponse:
    """The nodes that come first by one vital over a span, each with what it measured step by step."""
    form, now = MapForm.of(request.GET, top=DEFAULT_TOP), timezone.now()
    span, span_form = span_of_page(request.GET, now, DEFAULT_RANGE)
    vital = VITALS[form.chosen().get("metric", DEFAULT_VITAL)]
    answer = _answer_over_time(form, vital.name, span, now)
    context = {"form": form, "vital": vital, "map": time_map(answer, vital) if answer else None, "tab": "time"}
    context |= _around(form, span, span_form)
    return render(request, "metrics/time.html", context, status=400 if form.errors or span_form.errors else 200)


@require_GET
@require(Action.METRICS_VIEW)
@in_epoch_seconds
def top(request: HttpRequest) -> HttpResponse:
    """The greatest consumers of anything that is measured, over a window."""
    form, now = WindowForm.of(request.GET, top=DEFAULT_TOP, metric=DEFAULT_VITAL), timezone.now()
    span, span_form = span_of_page(request.GET, now, DEFAULT_RANGE)
    chosen = form.chosen()
    metric, how = chosen.get("metric", DEFAULT_VITAL), Aggregation(chosen.get("how", Aggregation.AVG))
    answer = _answer_at_once(form, metric, how, span, now)
    context: dict[str, Any] = {"form": form, "answer": answer, "tab": "top"}
    context["tier"] = tier_words(answer.source) if answer else ""
    context |= {"rows": bars(answer, how, span) if answer else [], "title": titled(metric), "how": WORDS[how]}
    context["csv"] = csv_of(metric, span, form.selector()) if context["rows"] else ""
    context |= _around(form, span, span_form)
    return render(request, "metrics/top.html", context, status=400 if form.errors or span_form.errors else 200)


@require_GET
@require(Action.METRICS_VIEW)
def names(request: HttpRequest) -> HttpResponse:
    """Names of metrics, offered while somebody types one: those that begin so, then the first of all.

    Browsers offer of these what contains the typed text anywhere.
    """
    typed = request.GET.get("metric", "")[:100]
    rows = [*metric_names(typed, None, MOST_NAMES).rows, *metric_names("", None, MOST_NAMES).rows]
    return render(request, "metrics/_name_options.html", {"names": {row.name: row for row in rows}.values()})


def _answer_over_time(form: MapForm, vital: str, span: Span, now: datetime) -> Answer | None:
    """The series of the first nodes; None, said beside the field, where the question is refused."""
    asked = Query(
        vital,
        span.start,
        span.end,
        selector=form.selector(),
        aggregation=Aggregation(form.chosen().get("how", Aggregation.AVG)),
        step=nice_step(span.length, MOST_STEPS, least=60),
        top=form.chosen().get("top", DEFAULT_TOP),
    )
    try:
        return run(asked, now)
    except Invalid as refusal:
        form.add_error(FIELDS.get(refusal.field or "", "metric"), refusal.detail)
    return None


def _answer_at_once(form: WindowForm, metric: str, how: Aggregation, span: Span, now: datetime) -> WindowAnswer | None:
    """One number for each of the first subjects; None, said beside the field, where the question is refused."""
    limit = form.chosen().get("top", DEFAULT_TOP)
    asked = Window(metric, span.start, span.end, selector=form.selector(), aggregation=how, top=limit)
    try:
        return instant(asked, now)
    except Invalid as refusal:
        form.add_error(FIELDS.get(refusal.field or "", "metric"), refusal.detail)
    return None


def _around(form: WindowForm, span: Span, span_form: SpanForm) -> dict[str, Any]:
    """What the pages over a span have in common."""
    known = {"is_filtered": form.filters() != NodeFilters(), "ranges": RANGES, "default_range": DEFAULT_RANGE}
    return {**known, "span": span, "span_form": span_form}
