"""InfluxDB's line protocol over the write calls of its versions 1 and 2, as Telegraf sends it.

A field becomes a metric `<measurement>_<field>`, a tag a label. Texts are left out and counted, truths are 1 or 0.
Good lines are stored beside bad ones; then the answer is 400 with the first reason, which Telegraf does not send again.
"""

import json
from typing import Any, Final

from apps.core.errors import Invalid, PortalError
from apps.ingest.faults import Fault, printable
from apps.ingest.foreign.gather import MOST_SAMPLES, Gathering, Parts, batch_of, mapped, series_key, too_many
from apps.ingest.foreign.head import Head, Reply
from apps.ingest.foreign.influx_lines import lines_of
from apps.ingest.foreign.reasons import reasons
from apps.ingest.remembered import remembered
from apps.ingest.samples import SeriesKey, Written

TEXT_VALUE: Final = "text_value"
# Comments and texts over several lines have room; a flood of line breaks is not taken apart at all.
MOST_LINES: Final = 5 * MOST_SAMPLES
SECOND_VERSION: Final[dict[str, tuple[str, float]]] = {
    "ns": ("nanoseconds", 1e9),
    "us": ("microseconds", 1e6),
    "ms": ("milliseconds", 1e3),
    "s": ("seconds", 1.0),
}
FIRST_VERSION: Final[dict[str, tuple[str, float]]] = {
    **SECOND_VERSION,
    "n": ("nanoseconds", 1e9),
    "u": ("microseconds", 1e6),
    "m": ("minutes", 1 / 60),
    "h": ("hours", 1 / 3600),
}
# The sender's words for errors, by status.
CODES: Final = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    408: "request timeout",
    413: "request too large",
    415: "unsupported media type",
    422: "unprocessable entity",
    429: "too many requests",
    503: "unavailable",
}
Times = dict[str, tuple[str, float]]


def check(head: Head, times: Times) -> None:
    """Refuse a key in the address and an unknown precision; raises Invalid."""
    parameters = head.parameters
    if "u" in parameters or "p" in parameters:
        raise Invalid(
            "key_in_address",
            "Addresses end up in logs: send the key in the Authorization header, as a token or as a password,"
            " never as u and p, and replace the one sent.",
        )
    precision = parameters.get("precision") or "ns"
    if precision not in times:
        raise Invalid("invalid_value", f"precision is one of {', '.join(times)}.", field="precision")


def check_first(head: Head) -> None:
    """Check a write call of version 1; raises Invalid."""
    check(head, FIRST_VERSION)


def check_second(head: Head) -> None:
    """Check a write call of version 2; raises Invalid."""
    check(head, SECOND_VERSION)


def decode(body: bytes, head: Head) -> Parts:
    """Judge all lines; raises TooLarge when there are too many values.

    A body with a line that has no time is no batch: the same bytes a minute later are other data.
    """
    if body.count(b"\n") > MOST_LINES:
        raise too_many()
    precision = head.parameters.get("precision") or "ns"
    unit, share = FIRST_VERSION[precision]
    now = head.now.timestamp()
    gathering = Gathering(now, unit if share >= 1 else "seconds", "lines")
    is_timed = True
    for number, found in lines_of(body):
        if isinstance(found, Fault):
            gathering.reject(found, number)
            continue
        is_timed = is_timed and found["time"] is not None
        at = now if found["time"] is None else found["time"] / share
        _take_fields(found, at, number, gathering)
    return gathering.parts(batch_of("influx", body, precision.encode()) if is_timed else None)


def _take_fields(found: dict[str, Any], at: float, number: int, gathering: Gathering) -> None:
    """Take the values of one line."""
    tags = tuple(sorted(found["tags"].items()))
    for name, value in found["fields"].items():
        if isinstance(value, str):
            gathering.tolerate(TEXT_VALUE)
            continue
        key = key_of(found["measurement"], name, tags)
        if isinstance(key, Fault):
            gathering.reject(key, number)
        else:
            gathering.add(gathering.series(key), at, float(value), number)


def _size_of(measurement: str, field: str, tags: tuple[tuple[str, str], ...]) -> int:
    """Return how long the words of a key are."""
    return len(measurement) + len(field) + sum(len(name) + len(value) for name, value in tags)


@remembered(8192, _size_of)
def key_of(measurement: str, field: str, tags: tuple[tuple[str, str], ...]) -> SeriesKey | Fault:
    """Return the series of a field; signs that names do not have here become underscores."""
    labels = {mapped(name): value for name, value in tags}
    if len(labels) < len(tags):
        return Fault("repeated_field", "Two tags have the same name here.", "labels")
    return series_key(mapped(f"{measurement}_{field}"), labels)


def accepted(written: Written, parts: Parts, head: Head) -> Reply:
    """Answer 204, or 400 with the reasons and the first line that was not taken."""
    rejected = written.rejected
    if not rejected:
        return Reply(204)
    text = f"partial write: {len(rejected)} values or lines were not taken: {reasons(rejected)}"
    return _json(400, {"code": "invalid", "message": text, "line": min(one.index for one in rejected)}, head)


def refused(error: PortalError, head: Head) -> Reply:
    """Answer in the JSON of InfluxDB."""
    text = printable(f"{error.code}: {error.detail}", 400)
    return _json(error.status, {"code": CODES.get(error.status, "internal error"), "message": text}, head)


def _json(status: int, content: dict[str, str | int], head: Head) -> Reply:
    """Return an answer; clients of version 1 read `error`."""
    if not head.path.endswith("/api/v2/write"):
        content["error"] = content["message"]
    return Reply(status, json.dumps(content).encode(), "application/json")
