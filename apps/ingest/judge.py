"""From a decoded body to what is to be stored: every rule is applied, what breaks one is listed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from apps.core.errors import Invalid, TooLarge
from apps.ingest.columns import index_of, judge_columns
from apps.ingest.decode import Received
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.keys import Caller
from apps.ingest.samples import GoodUsage, Samples, Write
from apps.ingest.shapes import Heartbeat, MetricsBatch, Processes, Sample
from apps.ingest.verdicts import clock_skew, judge_instant, judge_usage, judge_usages
from apps.ingest.work import Beat, Listing, Work
from apps.metrics.vitals import SMALLEST

MOST_ITEMS: Final = 10_000
MOST_IN_BEAT: Final = 1_000
T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Judged:
    """A work without its caller, and the node its body names."""

    work: Work
    node_id: str | None


def judge_batch(received: Received[MetricsBatch], caller: Caller, now: datetime) -> Judged:
    """Judge a batch; raises TooLarge above the ceiling of items."""
    batch = received.body
    if len(batch.samples) + len(batch.usage) + len(received.rejected) > MOST_ITEMS:
        raise TooLarge("too_many_items", f"A batch holds at most {MOST_ITEMS} samples.", field="samples")
    samples, bad = _judge_samples(received, batch.samples, "samples", now)
    usage, bad_usage = judge_usages(batch.usage, received.places_of("usage"), now.timestamp())
    rejected = [*received.rejected, *bad, *bad_usage]
    write = Write(caller, now, batch_id=batch.batch_id, samples=samples, usage=usage, rejected=rejected)
    return Judged(Work(write), batch.node_id)


def judge_heartbeat(received: Received[Heartbeat], caller: Caller, now: datetime) -> Judged:
    """Judge a heartbeat; measurements may be refused, the sign of life counts. Raises TooLarge above their ceiling."""
    beat, seconds = received.body, now.timestamp()
    if len(beat.metrics) + len(received.rejected) > MOST_IN_BEAT:
        raise TooLarge(
            "too_many_items",
            f"A heartbeat holds at most {MOST_IN_BEAT} samples; a batch of metrics takes more.",
            field="metrics",
        )
    samples, bad = _judge_samples(received, beat.metrics, "metrics", now)
    rejected = [*received.rejected, *bad]
    usage: list[GoodUsage] = []
    if beat.usage is not None:
        verdict = judge_usage(beat.usage, seconds)
        if isinstance(verdict, Fault):
            rejected.append(rejection(verdict, 0, "usage"))
        else:
            usage.append(verdict)
    write = Write(caller, now, samples=samples, usage=usage, rejected=rejected, agent_version=beat.agent_version)
    told = {"usage": usage[0] if usage else None, "metrics": _told(samples) if samples else None}
    data = _encode({name: value for name, value in told.items() if value})
    said = Beat(beat.status, beat.error or "", beat.config_hash, clock_skew(beat.at, seconds), data, beat.spool)
    return Judged(Work(write, said), beat.node_id)


def judge_processes(received: Received[Processes], caller: Caller, now: datetime) -> Judged:
    """Judge a list of processes; raises Invalid when its moment is not one that is taken."""
    at = judge_instant(received.body.at, now.timestamp())
    if isinstance(at, Fault):
        raise Invalid(at.code, at.detail, field=at.field)
    for process in received.body.processes:
        for name in ("cpu_percent", "memory_percent", "rss_mb"):
            if (getattr(process, name) or SMALLEST) < SMALLEST:
                setattr(process, name, 0.0)
    rows = list({process.pid: process for process in reversed(received.body.processes)}.values())
    listing = Listing(at, rows, len(received.body.processes))
    return Judged(Work(Write(caller, now), listing=listing), received.body.node_id)


def _judge_samples(
    received: Received[Any], samples: list[Sample], listed_in: str, now: datetime
) -> tuple[Samples | None, list[Rejection]]:
    """Judge the samples of a body; None when it holds none."""
    if not samples:
        return None, []
    index = received.index or index_of(samples)
    judged, bad = judge_columns(samples, index, received.places_of(listed_in), listed_in, now.timestamp())
    return judged if len(judged) else None, bad


def _told(samples: Samples) -> list[dict[str, Any]]:
    """Return samples as a heartbeat keeps them."""
    called: list[dict[str, Any]] = [
        {"type": key.metric_type, "unit": unit}
        | ({} if key.labels == "{}" else {"labels": msgspec.Raw(key.labels.encode())})
        for key, unit in zip(samples.keys, samples.units, strict=True)
    ]
    rows = zip(samples.of.tolist(), samples.at.tolist(), samples.value.tolist(), strict=True)
    return [{**called[of], "value": value, "at": at} for of, at, value in rows]
