"""What one request asks to be stored, after judgement: the one form that every protocol is brought to. Pure.

Samples are columns, not objects: a batch of ten thousand costs a few arrays.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from apps.ingest.faults import Rejection
from apps.ingest.keys import Caller

GoodUsage = dict[str, Any]


class SeriesKind(StrEnum):
    """How the values of a series are to be read; empty where nobody said."""

    UNKNOWN = ""
    GAUGE = "gauge"
    COUNTER = "counter"
    DELTA = "delta"


class SeriesKey(NamedTuple):
    """What makes a series of a node; `labels` is compact JSON with sorted names."""

    metric_type: str
    labels: str
    pool: UUID | None = None
    session: UUID | None = None


class Family(NamedTuple):
    """What a sender says of a metric by its name."""

    metric_type: str
    kind: SeriesKind
    unit: str
    help: str


@dataclass(slots=True)
class Samples:
    """Samples of one request: `of[i]` is the place in `keys` of sample i's series.

    `units` and `kinds` run parallel to `keys`; `at` is epoch seconds; `places` are the senders' indices, None when
    nothing was left out. `stale` are series (places in `keys`) that their sender declared ended, and when.
    """

    keys: list[SeriesKey]
    units: list[str]
    kinds: list[SeriesKind]
    of: npt.NDArray[np.int32]
    at: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    places: npt.NDArray[np.int32] | None = None
    listed_in: str = "samples"
    stale: list[tuple[int, float]] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.of)

    def __bool__(self) -> bool:
        """Tell whether there is anything to store: samples, or series that ended."""
        return bool(len(self.of) or self.stale)


@dataclass(slots=True)
class Write:
    """One request on its way to the database.

    `batch_id` names a receipt: the same id of the same node is stored once and answered alike. `is_contact` tells that
    the sender was heard (a foreign collector has no heartbeat of its own). `tolerated` counts, by code, what was left
    out without being a fault of the sender, as values that are no numbers are in Prometheus.
    """

    caller: Caller
    now: datetime
    batch_id: UUID | None = None
    samples: Samples | None = None
    usage: list[GoodUsage] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    tolerated: dict[str, int] = field(default_factory=dict)
    is_contact: bool = False
    agent_version: str | None = None
    is_vitals_source: bool = False
    size: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a `Write`, after COMMIT; `received_at` is that of the first time."""

    node_id: UUID
    accepted: int
    duplicate: int
    rejected: list[Rejection]
    received_at: datetime
