"""Questions for samples: series, one number per subject, and what can be asked for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField

from apps.accounts.permissions import Action
from apps.api.base import PeopleView, checked
from apps.api.describe import READ, READ_ONE, describe
from apps.api.serializers.query import (
    MetricQuery,
    NamesOut,
    NamesQuery,
    QueryOut,
    SelectorQuery,
    TopOut,
    TopQuery,
)
from apps.metrics.selectors.query import (
    Aggregation,
    Combine,
    Fill,
    Point,
    Query,
    Selector,
    Window,
    instant,
    run,
)
from apps.metrics.selectors.query_names import metric_names

HOUR = timedelta(hours=1)
Asked = TypeVar("Asked", bound=SelectorQuery)


class MetricQueries(PeopleView):
    """Series of one metric."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Query metrics", QueryOut, tag="metrics", query=MetricQuery, refusals=READ_ONE)
    def get(self, request: Request) -> Response:
        """One metric of many subjects over a span, in even steps; gaps stay gaps.

        For example `?metric=cpu_percent&tag=web&aggregation=p95&top=5` or
        `?metric=http_requests_total&label=code=500&aggregation=rate&by=hostname`. 400 `too_expensive` says with numbers
        what to ask for instead.
        """
        asked = parameters(MetricQuery, request)
        start, end = span(asked, self.now)
        query = Query(
            asked["metric"],
            start,
            end,
            selector(asked),
            Aggregation(asked["aggregation"]),
            asked.get("step"),
            asked["max_points"],
            asked.get("label", {}),
            tuple(name for name in asked["by"] if name) if "by" in asked else None,
            Combine(asked["combine"]),
            asked.get("top"),
            asked["lowest"] == "true",
            Fill(asked["fill"]),
            asked["band"] == "true",
        )
        answer = run(query, self.now, is_last=True)
        series = [
            {
                "subject": one.subject,
                "labels": one.labels,
                "unit": one.unit,
                "total": one.total,
                "points": [point(each, is_banded=query.band) for each in one.points],
            }
            for one in answer.series
        ]
        head = {"metric": query.metric, "aggregation": query.aggregation, "source": answer.source}
        size = {"step_seconds": answer.step_seconds, "is_truncated": answer.is_truncated}
        return Response({**head, **size, "series": series})


class MetricTop(PeopleView):
    """One number per subject."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("Rank by a metric", TopOut, tag="metrics", query=TopQuery, refusals=READ_ONE)
    def get(self, request: Request) -> Response:
        """The subjects with the greatest (or `lowest`) value over the whole span.

        For example `?metric=cpu_percent&aggregation=p95&start=2026-05-19T00:00:00Z&end=2026-05-20T00:00:00Z&top=10`.
        """
        asked = parameters(TopQuery, request)
        start, end = span(asked, self.now)
        window = Window(
            asked["metric"],
            start,
            end,
            selector(asked),
            Aggregation(asked["aggregation"]),
            asked.get("label", {}),
            asked["top"],
            asked["lowest"] == "true",
        )
        answer = instant(window, self.now, is_last=True)
        head = {"metric": answer.metric, "unit": answer.unit, "aggregation": window.aggregation}
        return Response({**head, "source": answer.source, "is_truncated": answer.is_truncated, "totals": answer.totals})


class MetricNames(PeopleView):
    """What can be asked for."""

    actions = {"GET": Action.METRICS_VIEW}

    @describe("List metrics", NamesOut, tag="metrics", query=NamesQuery, refusals=READ)
    def get(self, request: Request) -> Response:
        """Names with kind, unit and help; the vitals on the first page."""
        asked = self.query(NamesQuery)
        page = metric_names(asked.get("text", ""), asked.get("after"), asked["limit"])
        return Response({"results": page.rows, "next": page.next_cursor})


def parameters(shape: type[Asked], request: Request) -> dict[str, Any]:
    """Return the checked parameters of an address, of which some may be repeated."""
    fields, given = shape._declared_fields, request.query_params
    values = {name: given.getlist(name) if isinstance(fields.get(name), ListField) else given[name] for name in given}
    return checked(shape, values)


def span(asked: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """Return start and end; an hour where one of them is not given."""
    end = asked.get("end") or (asked["start"] + HOUR if "start" in asked else now)
    return asked.get("start") or end - HOUR, end


def selector(asked: Mapping[str, Any]) -> Selector:
    """Return which nodes, pools and sessions are meant."""
    return Selector(
        nodes=tuple(asked["node"]) if "node" in asked else None,
        tags=tuple(asked.get("tag", ())),
        labels=asked.get("node_label", {}),
        node_type=asked.get("node_type", ""),
        status=asked.get("status", ""),
        region=asked.get("region", ""),
        pool_id=asked.get("pool"),
        session_id=asked.get("session"),
    )


def point(one: Point, *, is_banded: bool) -> dict[str, Any]:
    """Return a step as plain values."""
    plain: dict[str, Any] = {"at": one.at, "value": one.value}
    return {**plain, "min": one.minimum, "max": one.maximum} if is_banded else plain
