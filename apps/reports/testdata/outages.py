"""When a machine was silent, and what that left in its life's log. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from apps.reports.testdata.fleet import Fate, PlannedNode

DAYS_BETWEEN = 16.0
HOLES_PER_THOUSAND = 1.5
REASONS = ("power", "network", "kernel upgrade", "hung file system", "out of memory")
LAST_SILENCE = {Fate.OFFLINE: timedelta(hours=3, minutes=20), Fate.RETIRED: timedelta(days=4)}


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without contact: from `start` until `end`, or until now where `end` is None."""

    start: datetime
    end: datetime | None
    cause: str


def outages_of(node: PlannedNode, start: datetime, now: datetime) -> list[Outage]:
    """Return the machine's outages within its past, in order and apart from each other."""
    rng = np.random.default_rng([node.seed, 1])
    last = LAST_SILENCE.get(node.fate)
    end_of_contact = now - last if last else now
    found: list[Outage] = []
    at = start
    while True:
        at += timedelta(days=float(rng.exponential(DAYS_BETWEEN)), hours=1)
        length = timedelta(minutes=float(np.clip(rng.lognormal(3.3, 1.1), 6, 900)))
        if at + length >= end_of_contact - timedelta(hours=1):
            break
        found.append(Outage(at, at + length, str(rng.choice(REASONS))))
        at += length
    if last and end_of_contact > start:
        found.append(Outage(end_of_contact, None, "retired" if node.fate is Fate.RETIRED else "power"))
    return found


def keep_mask(node: PlannedNode, seconds: NDArray[np.float64], outages: list[Outage]) -> NDArray[np.bool_]:
    """Return which times (epoch seconds) were really sampled: not in an outage, and not lost by chance."""
    rng = np.random.default_rng([node.seed, 2])
    kept = rng.random(seconds.size) >= HOLES_PER_THOUSAND / 1000
    for outage in outages:
        end = outage.end.timestamp() if outage.end else np.inf
        kept &= (seconds < outage.start.timestamp()) | (seconds >= end)
    return kept


def boot_times(start: datetime, outages: list[Outage]) -> NDArray[np.float64]:
    """Return when the machine was started, in epoch seconds: before its past, and after each outage."""
    first = start.timestamp() - 9.3 * 86400
    return np.array([first, *(outage.end.timestamp() for outage in outages if outage.end)])
