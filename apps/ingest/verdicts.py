"""Which samples are taken: time window, names, labels, sizes and ranges. Pure; one bad sample costs itself only."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.labels import labels_of
from apps.ingest.samples import GoodUsage, SeriesKey
from apps.ingest.shapes import Instant, Sample, Usage
from apps.metrics.vitals import LONGEST_UPTIME, SMALLEST, VITALS, Kind

OLDEST: Final = timedelta(days=7).total_seconds()
NEWEST: Final = timedelta(minutes=5).total_seconds()
METRIC_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:./\-]{0,99}")
LONGEST_UNIT: Final = 50
MOST_CORES: Final = 4096
CORES_BYTES: Final = 64 * 1024
COLDEST: Final = -273.15
SKEW_CEILING: Final = timedelta(days=366).total_seconds()
_cores = msgspec.json.Decoder(list[float])
_FIELDS: Final = Usage.__struct_fields__


class GoodSample(NamedTuple):
    """A sample that may be stored; `at` is epoch seconds."""

    key: SeriesKey
    unit: str
    at: float
    value: float


def judge_usages(usages: Iterable[Usage], places: Sequence[int], now: float) -> tuple[list[GoodUsage], list[Rejection]]:
    """Split vitals into rows to store (field → value, `at` in epoch seconds) and rejections."""
    good, bad = [], []
    for place, usage in zip(places, usages, strict=True):
        verdict = judge_usage(usage, now)
        if isinstance(verdict, Fault):
            bad.append(rejection(verdict, place, "usage"))
        else:
            good.append(verdict)
    return good, bad


def judge_sample(sample: Sample, now: float) -> GoodSample | Fault:
    """Take one sample or say why not."""
    at = judge_instant(sample.at, now)
    if isinstance(at, Fault):
        return at
    if not math.isfinite(sample.value):
        return Fault("not_finite", "The value is not a finite number.", "value")
    named = judge_names(sample.type, sample.unit or "", bytes(sample.labels), sample.pool, sample.session)
    return named if isinstance(named, Fault) else GoodSample(*named, at, sample.value)


def judge_names(
    metric_type: str, unit: str, labels: bytes, pool: UUID | None, session: UUID | None
) -> tuple[SeriesKey, str] | Fault:
    """Take what a sample is called, returned with its unit, or say why not."""
    if not METRIC_NAME.fullmatch(metric_type):
        return Fault("invalid_value", "A metric's name is 1 to 100 of letters, digits and _ : . / -", "type")
    if len(unit) > LONGEST_UNIT or not unit.isprintable():
        return Fault("invalid_value", f"A unit is at most {LONGEST_UNIT} printable characters.", "unit")
    if pool and session:
        return Fault("invalid_value", "A sample is about a pool or a session, not both.", "session")
    judged = labels_of(labels)
    return judged if isinstance(judged, Fault) else (SeriesKey(metric_type, judged, pool, session), unit)


def judge_usage(usage: Usage, now: float) -> GoodUsage | Fault:
    """Take one set of vitals or say why not; absent vitals are left out."""
    at = judge_instant(usage.at, now)
    if isinstance(at, Fault):
        return at
    cores = judge_cores(bytes(usage.cpu_per_core))
    if isinstance(cores, Fault):
        return cores
    row: GoodUsage = {"at": at} if cores is None else {"at": at, "cpu_per_core": cores}
    for name in _FIELDS:
        value = getattr(usage, name)
        if name in ("at", "cpu_per_core") or value is None:
            continue
        lowest, highest = bounds(name)
        if not lowest <= value <= highest:
            return Fault("invalid_value", f"{name} lies between {lowest:g} and {highest:g}.", name)
        row[name] = value if abs(value) >= SMALLEST else 0
    return row if len(row) > 1 else Fault("invalid_value", "There is no vital in it.")


def bounds(name: str) -> tuple[float, float]:
    """Return the least and the greatest value of a vital that are taken for real."""
    if name == "uptime_seconds":
        return 0.0, LONGEST_UPTIME
    vital = VITALS[name]
    return (COLDEST if vital.kind is Kind.TEMPERATURE else 0.0), vital.ceiling


def judge_cores(raw: bytes) -> list[float] | Fault | None:
    """Take the list of percents, one per core, or say why not."""
    if raw == b"null":
        return None
    if len(raw) > CORES_BYTES:
        return Fault("invalid_value", f"At most {MOST_CORES} cores.", "cpu_per_core")
    try:
        cores = _cores.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault("invalid_value", "cpu_per_core is a list of numbers.", "cpu_per_core")
    if len(cores) > MOST_CORES or not all(0.0 <= core <= 100.0 for core in cores):
        return Fault("invalid_value", f"cpu_per_core is at most {MOST_CORES} percents from 0 to 100.", "cpu_per_core")
    return cores


def judge_instant(at: Instant, now: float) -> float | Fault:
    """Return epoch seconds (`now` when none is given) within 7 days back and 5 minutes ahead, or say why not."""
    seconds = seconds_of(at, now)
    if seconds is None:
        return Fault("invalid_time", "A time is RFC 3339 with its zone, or epoch seconds.", "at")
    if now - OLDEST <= seconds <= now + NEWEST:
        return seconds
    if seconds < now:
        return Fault("too_old", "The time is more than 7 days back.", "at")
    if abs(seconds / 1000 - now) < OLDEST * 52:
        return Fault("invalid_time", "The time seems to be in milliseconds; epoch seconds are wanted.", "at")
    return Fault("in_future", "The time is more than 5 minutes ahead.", "at")


def seconds_of(at: Instant, now: float) -> float | None:
    """Return epoch seconds (`now` when no time is given), None when `at` is not a time."""
    if at is None:
        return now
    if isinstance(at, float):
        return at if math.isfinite(at) else None
    try:
        moment = datetime.fromisoformat(at)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def clock_skew(at: Instant, now: float) -> float | None:
    """Return how many seconds the sender's clock is ahead, None when it does not tell; a year at most."""
    seconds = seconds_of(at, now) if at is not None else None
    return None if seconds is None else round(min(max(seconds - now, -SKEW_CEILING), SKEW_CEILING), 3)
