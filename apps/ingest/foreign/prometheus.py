"""Prometheus remote-write 1.0: a snappy block with a protocol buffer in it.

Staleness markers end a series and are never values; other values that are no numbers are left out and counted.
Native histograms are refused with a code, exemplars are not read. Samples that can be taken are, and the answer is
400 with the reasons when others could not: Prometheus drops those. Only 429 and 5xx make it send again.
"""

import itertools
import struct
from typing import Any, Final

from google.protobuf.message import DecodeError

from apps.core.errors import Invalid, PortalError
from apps.ingest.faults import Fault, printable
from apps.ingest.foreign.gather import MOST_SAMPLES, Gathering, Parts, batch_of, series_key, storable, too_many
from apps.ingest.foreign.head import Head, Reply, UnsupportedType
from apps.ingest.foreign.messages import has_more_fields, messages
from apps.ingest.foreign.reasons import reasons
from apps.ingest.labels import MOST as MOST_LABELS
from apps.ingest.remembered import remembered
from apps.ingest.samples import SeriesKey, SeriesKind, Written

_SHAPES = messages(
    "omega.remote_write",
    {
        "Request": {1: ("series", "*bytes"), 3: ("metadata", "*bytes")},
        "Series": {1: ("labels", "*bytes"), 2: ("samples", "*Sample"), 4: ("histograms", "*bytes")},
        "Sample": {1: ("value", "double"), 2: ("timestamp", "int64")},
        "Label": {1: ("name", "bytes"), 2: ("value", "bytes")},
        "Metadata": {1: ("type", "int32"), 2: ("name", "bytes"), 4: ("help", "bytes"), 5: ("unit", "bytes")},
    },
)
_Request, _Series, _Label, _Metadata = (_SHAPES[name] for name in ("Request", "Series", "Label", "Metadata"))
STALE: Final = struct.pack("<Q", 0x7FF0000000000002)
FIRST_VERSION: Final = "prometheus.WriteRequest"
# A series with as many samples as a request may hold stays below; the decoder's memory follows this size.
LONGEST_SERIES: Final = 1024 * 1024
# Series and what is told of metrics; in one series, labels and samples.
MOST_FIELDS: Final = 2 * MOST_SAMPLES
NAME: Final = b"__name__"
COUNTERS: Final = ("_total", "")
TYPES: Final[dict[int, dict[str, SeriesKind]]] = {
    1: dict.fromkeys(COUNTERS, SeriesKind.COUNTER),
    2: {"": SeriesKind.GAUGE},
    3: dict.fromkeys(("_bucket", "_count", "_sum"), SeriesKind.COUNTER),
    4: dict.fromkeys(("_bucket", "_gcount", "_gsum"), SeriesKind.GAUGE),
    5: {"": SeriesKind.GAUGE, "_count": SeriesKind.COUNTER, "_sum": SeriesKind.COUNTER},
    6: {"": SeriesKind.GAUGE},
    7: {"": SeriesKind.GAUGE},
}
NO_NAME: Final = Fault("invalid_value", "The series has no label __name__.", "labels")
UNSORTED: Final = Fault("invalid_value", "Labels are sorted by name, each once and none without a name.", "labels")
NOT_TEXT: Final = Fault("invalid_value", "A label is not UTF-8 text.", "labels")
BROKEN: Final = Fault("invalid_value", "The series is not a whole message.")
NATIVE: Final = Fault("native_histogram", "Native histograms are not taken; send classic ones.")
TOO_LONG: Final = Fault("invalid_value", f"A series takes at most {LONGEST_SERIES} bytes of a request.")


def check(head: Head) -> None:
    """Refuse what is not remote-write 1.0 before its body is read; raises UnsupportedType."""
    if head.media_type not in ("", "application/x-protobuf"):
        raise UnsupportedType("unsupported_type", "Remote-write is application/x-protobuf.")
    for parameter in head.header("content-type").split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "proto" and value.strip('"') != FIRST_VERSION:
            raise UnsupportedType(
                "unsupported_type",
                f"Remote-write 1.0 ({FIRST_VERSION}) is taken here, not 2.0: leave out protobuf_message.",
            )


def decode(body: bytes, head: Head) -> Parts:
    """Judge a request; raises Invalid or TooLarge when nothing of it can be taken."""
    if has_more_fields(body, MOST_FIELDS):
        raise too_many()
    try:
        request = _Request.FromString(body)
    except DecodeError:
        raise Invalid("bad_protobuf", "The body is not a whole WriteRequest.") from None
    if len(request.series) > MOST_SAMPLES or len(request.metadata) > MOST_SAMPLES:
        raise too_many()
    gathering = Gathering(head.now.timestamp(), "milliseconds", "samples")
    place = 0
    for raw in request.series:
        place = _take_series(raw, gathering, place)
    for raw in request.metadata:
        _describe(raw, gathering)
    return gathering.parts(batch_of("prometheus", body))


def _take_series(raw: bytes, gathering: Gathering, place: int) -> int:
    """Take one series and return the place after its last sample."""
    if len(raw) > LONGEST_SERIES:
        gathering.reject(TOO_LONG, place)
        return place + 1
    if has_more_fields(raw, MOST_FIELDS):
        raise too_many()
    try:
        series = _Series.FromString(raw)
    except DecodeError:
        gathering.reject(BROKEN, place)
        return place + 1
    key = key_of(tuple(series.labels)) if len(series.labels) <= MOST_LABELS * 2 else too_many_labels()
    if isinstance(key, Fault):
        for _ in (*series.samples, *series.histograms):
            gathering.reject(key, place)
            place += 1
        return place
    place = _take_samples(series.samples, key, gathering, place)
    for _ in series.histograms:
        gathering.reject(NATIVE, place)
        place += 1
    return place


def _take_samples(samples: Any, key: SeriesKey, gathering: Gathering, place: int) -> int:
    """Take the samples of one series and return the place after the last one."""
    if not samples:
        return place
    number = gathering.series(key)
    for sample in samples:
        value, at = sample.value, sample.timestamp / 1000
        if value != value and struct.pack("<d", value) == STALE:
            gathering.end(number, at, place)
        else:
            gathering.add(number, at, value, place)
        place += 1
    return place


@remembered(8192, lambda labels: sum(map(len, labels)))
def key_of(labels: tuple[bytes, ...]) -> SeriesKey | Fault:
    """Return the series of a request's labels, each as its bytes; the same bytes are judged once."""
    try:
        pairs = [(label.name, label.value) for label in map(_Label.FromString, labels)]
        names = [name for name, _ in pairs]
        if not all(names) or any(left >= right for left, right in itertools.pairwise(names)):
            return UNSORTED
        found = {name.decode(): value.decode() for name, value in pairs}
    except DecodeError:
        return BROKEN
    except UnicodeDecodeError:
        return NOT_TEXT
    metric = found.pop(NAME.decode(), "")
    return series_key(metric, found) if metric else NO_NAME


def too_many_labels() -> Fault:
    """Return the refusal of a series with far more labels than one may have."""
    return Fault("invalid_value", f"A series has at most {MOST_LABELS} labels.", "labels")


def _describe(raw: bytes, gathering: Gathering) -> None:
    """Note what Prometheus tells of a metric; what cannot be read is no loss."""
    try:
        found = _Metadata.FromString(raw)
        name, unit, words = found.name.decode(), found.unit.decode(), found.help.decode()
    except (DecodeError, UnicodeDecodeError):
        gathering.tolerate("bad_metadata")
        return
    for suffix, kind in TYPES.get(found.type, {"": SeriesKind.UNKNOWN}).items():
        gathering.describe(name if name.endswith(suffix) else name + suffix, kind, unit, storable(words))


def accepted(written: Written, parts: Parts, head: Head) -> Reply:
    """Answer 204, or 400 with the reasons why some samples were not taken."""
    rejected = written.rejected
    if not rejected:
        return Reply(204)
    taken = written.accepted + written.duplicate
    return Reply(
        400, f"{len(rejected)} of {taken + len(rejected)} samples were not taken: {reasons(rejected)}".encode()
    )


def refused(error: PortalError, head: Head) -> Reply:
    """Answer in plain text."""
    return Reply(error.status, printable(f"{error.code}: {error.detail}", 400).encode())
