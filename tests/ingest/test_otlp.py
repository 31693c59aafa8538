"""The OpenTelemetry SDK with its own exporter, and requests by hand, into a real ingest process."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import Compression, OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from apps.metrics.models import MetricFamily, MetricSample, MetricSeries
from tests.database import acting_as
from tests.ingest.conftest import Agent, epoch
from tests.ingest.foreign_bodies import as_protobuf, otlp, point
from tests.ingest.stored import samples_of

pytestmark = [pytest.mark.flow, pytest.mark.data_layer]
CALL = "otlp/v1/metrics"
PROTOBUF, JSON = {"Content-Type": "application/x-protobuf"}, {"Content-Type": "application/json"}
SERVICE = {"service.name": "shop", "service.instance.id": "one", "host.name": "web-1"}


@contextmanager
def sdk(agent: Agent, temporality: AggregationTemporality) -> Iterator[tuple[Meter, MeterProvider]]:
    """Set the SDK up as its documentation says, pointed at the portal; it sends when it is told to."""
    exporter = OTLPMetricExporter(
        endpoint=f"{agent.url}/api/v1/agent/{CALL}",
        headers={"Authorization": f"Bearer {agent.key}"},
        compression=Compression.Gzip,
        preferred_temporality={Counter: temporality, Histogram: temporality},
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], Resource.create({**SERVICE, "process.pid": 7}))
    try:
        yield provider.get_meter("tests"), provider
    finally:
        provider.shutdown()


def values(agent: Agent, name: str) -> list[tuple[dict[str, str], float]]:
    """Return labels and value of each sample of a metric, without those of the service."""
    found = [(labels, value) for metric, labels, value in samples_of(agent.node) if metric == name]
    assert all(SERVICE.items() <= labels.items() for labels, _ in found)
    return [({key: text for key, text in labels.items() if key not in SERVICE}, value) for labels, value in found]


def kind_of(agent: Agent, name: str) -> str:
    with acting_as("omega_worker"):
        [kind] = set(MetricSeries.objects.filter(node=agent.node, metric_type=name).values_list("kind", flat=True))
        return str(kind)


@pytest.mark.parametrize(
    ("temporality", "kind", "counted"),
    [
        (AggregationTemporality.CUMULATIVE, "counter", [3.0, 5.0]),
        (AggregationTemporality.DELTA, "delta", [3.0, 2.0]),
    ],
)
def test_sdk_sends_what_it_counts(
    agent: Agent, temporality: AggregationTemporality, kind: str, counted: list[float]
) -> None:
    def temperature(_: CallbackOptions) -> list[Observation]:
        return [Observation(21.5, {"room": "a"})]

    with sdk(agent, temporality) as (meter, provider):
        orders = meter.create_counter("shop.orders", unit="1", description="Orders taken.")
        waits = meter.create_histogram("shop.wait", unit="s", explicit_bucket_boundaries_advisory=[0.5, 1.0])
        meter.create_observable_gauge("shop.temperature", [temperature])
        orders.add(3, {"pay": "card"})
        waits.record(0.2)
        waits.record(7.0)
        assert provider.force_flush()
        orders.add(2, {"pay": "card"})
        assert provider.force_flush()

    assert values(agent, "shop.orders")[:2] == [({"pay": "card"}, value) for value in counted]
    assert kind_of(agent, "shop.orders") == kind_of(agent, "shop.wait_bucket") == kind
    buckets = {labels["le"]: value for labels, value in reversed(values(agent, "shop.wait_bucket")[:3])}
    assert buckets == {"0.5": 1, "1": 1, "+Inf": 2}
    assert values(agent, "shop.wait_sum")[0] == ({}, 7.2)
    assert values(agent, "shop.temperature")[0] == ({"room": "a"}, 21.5)
    assert kind_of(agent, "shop.temperature") == "gauge"
    with acting_as("omega_worker"):
        family = MetricFamily.objects.get(tenant=agent.node.tenant, metric_type="shop.orders")
    assert (family.kind, family.unit, family.help) == (kind, "1", "Orders taken.")


def post(agent: Agent, body: bytes, headers: dict[str, str], **more: str) -> httpx.Response:
    """Send a request as a collector does."""
    return agent.post(CALL, body, headers={**headers, **more})


def gauge(*points: dict[str, Any]) -> dict[str, Any]:
    return otlp({"name": "g", "gauge": {"dataPoints": list(points)}})


def test_answer_is_in_the_encoding_of_the_request_and_counts_refused_points(agent: Agent) -> None:
    request = gauge(point(epoch(-9), 1.5), point(epoch(-8 * 86400), 2.5), point(epoch(3600), 2.5))
    answers = post(agent, as_protobuf(request), PROTOBUF), post(agent, json.dumps(request).encode(), JSON)
    assert [answer.status_code for answer in answers] == [200, 200]
    told = ExportMetricsServiceResponse.FromString(answers[0].content)
    assert told.partial_success.rejected_data_points == 2
    assert "1 x too_old" in told.partial_success.error_message
    assert answers[1].json()["partialSuccess"]["rejectedDataPoints"] == "2"
    assert [value for *_, value in samples_of(agent.node)] == [1.5]


def test_request_that_is_wholly_taken_has_an_empty_answer(agent: Agent) -> None:
    body = as_protobuf(gauge(point(epoch(-9), 1.5)))
    first, again = (post(agent, gzip.compress(body), PROTOBUF, **{"Content-Encoding": "gzip"}) for _ in range(2))
    assert [(one.status_code, one.content, one.headers["content-type"]) for one in (first, again)] == [
        (200, b"", "application/x-protobuf")
    ] * 2
    assert len(samples_of(agent.node)) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"\x0a\xff", PROTOBUF, 400, 3),
        (b"{", JSON, 400, 3),
        (b"x", {"Content-Type": "text/plain"}, 415, 3),
        (b"x", {**JSON, "Content-Encoding": "br"}, 415, 3),
        (b"x", {**JSON, "Authorization": "Bearer nonsense"}, 401, 16),
    ],
)
def test_refusals_are_a_status_of_rpc(
    agent: Agent, body: bytes, headers: dict[str, str], status: int, code: int
) -> None:
    answer = post(agent, body, headers)
    assert answer.status_code == status
    if headers["Content-Type"] == "application/json":
        assert (answer.json()["code"], set(answer.json())) == (code, {"code", "message"})
    else:
        assert answer.content.startswith(bytes([0x08, code, 0x12]))
    assert "retry-after" not in answer.headers


def test_end_of_a_series_is_noted(agent: Agent) -> None:
    at = epoch(-9)
    post(agent, as_protobuf(gauge(point(at - 60, 1.5))), PROTOBUF)
    post(agent, as_protobuf(gauge(point(at, flags=1))), PROTOBUF)
    with acting_as("omega_worker"):
        series = MetricSeries.objects.get(node=agent.node)
        assert series.stale_at is not None and abs(series.stale_at.timestamp() - at) < 0.001
        assert MetricSample.objects.filter(series=series).count() == 1
