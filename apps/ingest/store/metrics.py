"""A batch of samples: stored once, answered always the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from apps.core.errors import TooLarge
from apps.ingest.database import Connection, execute, fetch_one
from apps.ingest.decode import Received
from apps.ingest.faults import Fault, Rejection, rejection
from apps.ingest.keys import Caller, Outcome, identify
from apps.ingest.shapes import MetricsBatch
from apps.ingest.store.series import MOST_SERIES, store_samples
from apps.ingest.store.usage import store_usage
from apps.ingest.verdicts import GoodSample, GoodUsage, judge_samples, judge_usages, kept_places

MOST_ITEMS: Final = 10_000
NO_ROOM: Final = Fault("series_limit", f"A node has at most {MOST_SERIES} series.")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch after the pure part: what may be stored, where it stood, and what may not."""

    batch: MetricsBatch
    samples: list[GoodSample]
    usage: list[GoodUsage]
    rejected: list[Rejection]
    sample_places: Sequence[int]


def judge_batch(received: Received[MetricsBatch], now: datetime) -> Judged:
    """Apply every rule to a decoded batch; raises TooLarge above the ceiling of items."""
    batch, seconds = received.body, now.timestamp()
    if len(batch.samples) + len(batch.usage) + len(received.rejected) > MOST_ITEMS:
        raise TooLarge("too_many_items", f"A batch holds at most {MOST_ITEMS} samples.", field="samples")
    places = received.places_of("samples")
    samples, bad_samples = judge_samples(batch.samples, places, "samples", seconds)
    usage, bad_usage = judge_usages(batch.usage, received.places_of("usage"), seconds)
    rejected = [*received.rejected, *bad_samples, *bad_usage]
    return Judged(batch, samples, usage, rejected, kept_places(places, bad_samples))


async def store_batch(connection: Connection, caller: Caller, judged: Judged, now: datetime) -> Outcome:
    """Store a batch and its receipt, or find the receipt of the first time; returns the answer."""
    reporter = await identify(connection, caller, now)
    reporter.must_be_approved()
    batch = {"node_id": reporter.node_id, "batch_id": judged.batch.batch_id}
    await execute(connection, "lock_batch.sql", batch)
    receipt = await fetch_one(connection, "find_receipt.sql", batch)
    if receipt is not None:
        rejected = msgspec.convert(receipt["rejected"], list[Rejection])
        return Outcome(reporter.node_id, _answer({**receipt, "rejected": rejected}))
    fresh = await store_usage(connection, reporter, judged.usage, now)
    stored = await store_samples(connection, reporter, judged.samples)
    homeless = [rejection(NO_ROOM, judged.sample_places[place], "samples") for place in stored.homeless]
    receipt = {
        "accepted": fresh + stored.accepted,
        "duplicate": len(judged.usage) - fresh + stored.duplicate,
        "rejected": sorted([*judged.rejected, *homeless], key=lambda one: (one.list or "", one.index)),
        "received_at": now,
    }
    stored_rejected = _encode(receipt["rejected"]).decode()
    await execute(connection, "store_receipt.sql", {**batch, **receipt, "rejected": stored_rejected, "now": now})
    return Outcome(reporter.node_id, _answer(receipt))


def _answer(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return the answer a receipt stands for; `server_time` is that of the first time."""
    return {
        "accepted": receipt["accepted"],
        "duplicate": receipt["duplicate"],
        "rejected": receipt["rejected"],
        "server_time": receipt["received_at"].astimezone(UTC).isoformat(),
    }
