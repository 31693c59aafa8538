"""The plain things the door is measured against: a view that does nothing, one that uses the ORM.

The empty view is at its best: asynchronous, no middleware, one address. The naive one is what a first version would be:
one object, one statement.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from apps.core.keys import AGENT_KEY, digests_match, parse
from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, UsageMetric
from apps.nodes.models import Node, NodeApiKey, NodeHeartbeat

LENGTH: Final = {"Content-Length": "2"}


async def nothing(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse(b"{}", content_type="application/json", headers=LENGTH)


@transaction.atomic
def heartbeat(request: HttpRequest) -> HttpResponse:
    """Store a heartbeat as the ORM's tutorial would."""
    if request.method != "POST":
        return JsonResponse({}, headers=LENGTH)
    key = parse(request.headers["Authorization"].removeprefix("Bearer "), AGENT_KEY)
    if key is None:
        return JsonResponse({}, status=401, headers=LENGTH)
    row = NodeApiKey.objects.select_related("node").get(pk=key.key_id)
    if not digests_match(key.digest, bytes(row.digest)):
        return JsonResponse({}, status=401, headers=LENGTH)
    body, now = json.loads(request.body), datetime.now(UTC)
    NodeHeartbeat.objects.create(
        node=row.node,
        timestamp=now,
        status=body["status"],
        config_hash="",
        error_message="",
        metrics_data=body["metrics"],
    )
    silent_after = now + timedelta(seconds=30)
    Node.objects.filter(pk=row.node_id).update(last_heartbeat=now, silent_after=silent_after, reported_status="ok")
    _store_usage(row.node, dict(body["usage"]), now)
    for sample in body["metrics"]:
        _store_sample(row.node, sample)
    return JsonResponse({}, headers=LENGTH)


def _store_usage(node: Node, usage: dict[str, Any], now: datetime) -> None:
    """Add vitals and keep the newest."""
    at = datetime.fromtimestamp(usage.pop("at"), UTC)
    UsageMetric.objects.create(node=node, timestamp=at, **usage)
    NodeLatest.objects.update_or_create(node=node, defaults={"at": at, "received_at": now, **usage})


def _store_sample(node: Node, sample: dict[str, Any]) -> None:
    """Add one sample, and its series when it is new."""
    at = datetime.fromtimestamp(sample["at"], UTC)
    series, _ = MetricSeries.objects.get_or_create(
        tenant_id=node.tenant_id, node=node, metric_type=sample["type"], labels={}, defaults={"unit": sample["unit"]}
    )
    MetricSample.objects.create(series=series, time=at, value=sample["value"])
    if series.last_sample_at is None or series.last_sample_at < at:
        MetricSeries.objects.filter(pk=series.pk).update(last_sample_at=at)


urlpatterns = [path("", nothing), path("heartbeat", heartbeat)]
