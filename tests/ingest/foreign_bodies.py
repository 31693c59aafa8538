"""Bodies as foreign collectors write them, made with public message definitions and by hand."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import cramjam
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from apps.ingest.faults import Rejection
from apps.ingest.samples import Written

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
PROMETHEUS_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "Prometheus/2.42.0",
}
Series = tuple[dict[str, str] | Sequence[tuple[str, str]], Sequence[tuple[float, float]]]


def varint(number: int) -> bytes:
    """Return a number as protocol buffers write it; negative ones as 64 bits."""
    number &= 2**64 - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def part(number: int, content: bytes) -> bytes:
    """Return a field of bytes, text or message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def whole(number: int, value: int) -> bytes:
    """Return a field of an integer."""
    return varint(number << 3) + varint(value)


def double(number: int, value: float) -> bytes:
    """Return a field of a double, its bits as they are."""
    return varint(number << 3 | 1) + struct.pack("<d", value)


def label(name: str | bytes, value: str | bytes) -> bytes:
    """Return a label."""
    texts = [text.encode() if isinstance(text, str) else text for text in (name, value)]
    return part(1, part(1, texts[0]) + part(2, texts[1]))


def sample(value: float, seconds: float) -> bytes:
    """Return a sample at epoch seconds."""
    return part(2, double(1, value) + whole(2, round(seconds * 1000)))


def series(labels: dict[str, str] | Sequence[tuple[str, str]], samples: Iterable[tuple[float, float]]) -> bytes:
    """Return a series; labels of a dictionary are sorted as Prometheus does, pairs stay as they are."""
    pairs = sorted(labels.items()) if isinstance(labels, dict) else labels
    return part(1, b"".join(label(*pair) for pair in pairs) + b"".join(sample(*one) for one in samples))


def metadata(name: str, kind: int, words: str = "", unit: str = "") -> bytes:
    """Return what Prometheus tells of a metric."""
    return part(3, whole(1, kind) + part(2, name.encode()) + part(4, words.encode()) + part(5, unit.encode()))


def remote_write(*found: Series) -> bytes:
    """Return a request with these series, unpacked."""
    return b"".join(series(*one) for one in found)


def packed(body: bytes) -> bytes:
    """Return a body as one snappy block."""
    return bytes(cramjam.snappy.compress_raw(body))


def attributes(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OpenTelemetry's JSON."""
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in found.items()]


def otlp(*metrics: dict[str, Any], **resource: Any) -> dict[str, Any]:
    """Return a request in OpenTelemetry's JSON; underscores of resource attributes stand for dots."""
    about = attributes({name.replace("_", "."): value for name, value in resource.items()})
    return {"resourceMetrics": [{"resource": {"attributes": about}, "scopeMetrics": [{"metrics": list(metrics)}]}]}


def point(seconds: float, value: float | None = None, **fields: Any) -> dict[str, Any]:
    """Return a data point at epoch seconds."""
    labels = attributes(fields.pop("labels", {}))
    number = {} if value is None else {"asInt" if isinstance(value, int) else "asDouble": value}
    return {"timeUnixNano": str(round(seconds * 1e9)), "attributes": labels, **number, **fields}


def as_protobuf(request: dict[str, Any]) -> bytes:
    """Return a request of `otlp` as protocol buffers."""
    return bytes(json_format.ParseDict(request, ExportMetricsServiceRequest()).SerializeToString())


def written(rejected: list[Rejection]) -> Written:
    """Return what became of a request of which one sample was stored."""
    return Written(UUID(int=1), 1, 0, rejected, datetime(2030, 5, 17, 12, tzinfo=UTC))
