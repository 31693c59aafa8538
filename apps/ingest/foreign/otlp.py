"""OpenTelemetry's metrics over HTTP, as protocol buffers or JSON.

What cannot be taken is counted in `partial_success` of an answer 200, in the encoding of the request. Senders repeat
429 and 503 only, so every trouble of ours is one of these.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from apps.core.errors import Invalid, PortalError, TooLarge
from apps.ingest.faults import printable
from apps.ingest.foreign.gather import MOST_SAMPLES, Gathering, Parts, batch_of, mapped, storable, too_many
from apps.ingest.foreign.head import Head, Reply, UnsupportedType
from apps.ingest.foreign.messages import has_more_fields, messages
from apps.ingest.foreign.otlp_points import (
    EXPONENTIAL,
    Metric,
    Pairs,
    refuse_all,
    take_gauge,
    take_histogram,
    take_sum,
    take_summary,
    text_of,
)
from apps.ingest.foreign.reasons import reasons
from apps.ingest.samples import Written

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
# Of the many things a resource tells, those that tell one sender's series from another's become labels.
RESOURCE_LABELS: Final = (
    "service.name",
    "service.namespace",
    "service.instance.id",
    "host.name",
    "deployment.environment.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
)
# What one message may hold: more than that are no points, and would become memory before they are counted.
MOST_FIELDS: Final = 2 * MOST_SAMPLES
LONGEST_RESOURCE: Final = 64 * 1024
# JSON costs memory, and tens of microseconds each, by its objects and lists.
MOST_OBJECTS: Final = 100_000
_SHAPES = messages(
    "omega.otlp",
    {
        "Request": {1: ("resources", "*bytes")},
        "OfResource": {1: ("resource", "bytes"), 2: ("scopes", "*bytes")},
        "OfScope": {2: ("metrics", "*bytes")},
        "Metric": {
            1: ("name", "bytes"), 2: ("help", "bytes"), 3: ("unit", "bytes"), 5: ("gauge", "bytes"),
            7: ("sum", "bytes"), 9: ("histogram", "bytes"), 10: ("exponential", "bytes"), 11: ("summary", "bytes"),
        },
        "Data": {1: ("points", "*bytes"), 2: ("temporality", "int32"), 3: ("monotonic", "bool")},
        "Status": {1: ("code", "int32"), 2: ("message", "string")},
    },
)  # fmt: skip
STATUS_CODES: Final = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 422: 3, 429: 8, 503: 14}
Taking = Callable[[Metric, Iterable[bytes], int], None]
TAKES: Final[dict[str, Taking]] = {
    "gauge": take_gauge,
    "sum": take_sum,
    "histogram": take_histogram,
    "exponential": lambda metric, raws, place: refuse_all(metric, raws, place, EXPONENTIAL),
    "summary": take_summary,
}


def check(head: Head) -> None:
    """Refuse what is neither protocol buffers nor JSON; raises UnsupportedType."""
    if head.media_type not in (PROTOBUF, JSON):
        raise UnsupportedType("unsupported_type", f"Metrics are {PROTOBUF} or {JSON}.")


def decode(body: bytes, head: Head) -> Parts:
    """Judge a request; raises Invalid or TooLarge when nothing of it can be taken."""
    gathering = Gathering(head.now.timestamp(), "nanoseconds", "data_points")
    wire = _from_json(body) if head.media_type == JSON else body
    place = 0
    for raw in _few(_parsed("Request", wire).resources):
        of_resource = _parsed("OfResource", raw)
        common = resource_labels(of_resource.resource)
        for scope in _few(of_resource.scopes):
            for metric in _few(_parsed("OfScope", scope).metrics):
                place = _take_metric(_parsed("Metric", metric), common, gathering, place)
    return gathering.parts(batch_of("otlp", body))


def _take_metric(found: Any, common: Pairs, gathering: Gathering, place: int) -> int:
    """Take one metric and return the place after its last point."""
    texts = [storable(raw.decode("utf-8", "replace")) for raw in (found.name, found.unit, found.help)]
    for name, take in TAKES.items():
        raw = getattr(found, name)
        if not raw:
            continue
        data = _parsed("Data", raw)
        points = _few(data.points)
        unit = texts[1]
        metric = Metric(mapped(texts[0]), unit, texts[2], data.temporality, data.monotonic, common, gathering)
        take(metric, points, place)
        place += len(points)
    return place


def resource_labels(raw: bytes) -> Pairs:
    """Return the labels a resource gives to all its series; one that cannot be read gives none."""
    if len(raw) > LONGEST_RESOURCE:
        raise TooLarge("too_large", f"A resource has at most {LONGEST_RESOURCE} bytes.", field="resource")
    try:
        attributes = Resource.FromString(raw).attributes
    except DecodeError:
        raise Invalid("bad_protobuf", "A resource is not a whole message.", field="resource") from None
    told = {one.key: text_of(one.value) for one in attributes}
    return tuple((mapped(name), text) for name in RESOURCE_LABELS if (text := told.get(name)))


def _parsed(shape: str, raw: bytes) -> Any:
    """Return a piece of the request; raises Invalid or TooLarge."""
    if has_more_fields(raw, MOST_FIELDS):
        raise too_many()
    try:
        return _SHAPES[shape].FromString(raw)
    except DecodeError:
        raise Invalid("bad_protobuf", "The body is not a whole ExportMetricsServiceRequest.") from None


def _few(pieces: Sequence[bytes]) -> Sequence[bytes]:
    """Return pieces unless there are more than a request may hold; raises TooLarge."""
    if len(pieces) > MOST_SAMPLES:
        raise too_many()
    return pieces


def _from_json(body: bytes) -> bytes:
    """Return a JSON request as protocol buffers; raises Invalid or TooLarge."""
    if body.count(b"{") + body.count(b"[") > MOST_OBJECTS:
        raise TooLarge("too_many_items", f"A request holds at most {MOST_OBJECTS} objects and lists.")
    if not body.lstrip().startswith(b"{"):
        raise _not_json()
    try:
        found = json_format.Parse(body, ExportMetricsServiceRequest(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise _not_json() from None
    return bytes(found.SerializeToString())


def _not_json() -> Invalid:
    """Return the refusal of a body that is not what it says."""
    return Invalid("bad_json", "The body is not the JSON of an ExportMetricsServiceRequest.")


def accepted(written: Written, parts: Parts, head: Head) -> Reply:
    """Answer 200; what was not taken is counted by data points."""
    rejected = written.rejected
    answer = ExportMetricsServiceResponse()
    if rejected:
        answer.partial_success.rejected_data_points = len({one.index for one in rejected})
        answer.partial_success.error_message = reasons(rejected)
    return _reply(200, answer, head)


def refused(error: PortalError, head: Head) -> Reply:
    """Answer with a google.rpc.Status."""
    text = printable(f"{error.code}: {error.detail}", 400)
    return _reply(error.status, _SHAPES["Status"](code=STATUS_CODES.get(error.status, 13), message=text), head)


def _reply(status: int, message: Message, head: Head) -> Reply:
    """Return an answer in the encoding of the request."""
    if head.media_type == JSON:
        return Reply(status, json_format.MessageToJson(message, indent=None).encode(), JSON)
    return Reply(status, message.SerializeToString(), PROTOBUF)
