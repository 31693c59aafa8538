"""G1: batches of 1,000 samples as JSON over HTTP, against raw binary COPY of as many rows in commits of 1,000.

COPY runs at its best: rows packed beforehand, two connections, the same table and the same indexes; nothing is checked,
known, or kept of who sent what. Both sides write twenty series of each node at moments that come but once.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg

from apps.ingest.store.samples import HEADER, ROW, TRAILER, microseconds
from benchmarks.beats import BATCH_SAMPLES, SERIES, back, batches_of, beats_of
from benchmarks.fleet import Machine, make_nodes
from benchmarks.goal import Better, Round, Size, Target
from benchmarks.load import Load, drive
from benchmarks.stage import Stage

CONNECTIONS: Final = 24
MOST_MACHINES: Final = 500
COPY: Final = 'COPY metric_samples (series_id, "time", value) FROM STDIN (FORMAT binary)'
SERIES_OF_NODES: Final = "SELECT array_agg(series_id ORDER BY series_id) FROM metric_series GROUP BY node_id"
RECEIPTS: Final = "SELECT count(*), coalesce(sum(accepted), 0), coalesce(sum(duplicate), 0) FROM ingest_batches"


class Measured:
    """The goal."""

    name = "g1"
    title = "Batches of 1,000 samples as JSON over HTTP, against raw COPY of the same rows"
    unit = "samples/s"
    target = Target(Better.HIGH, 0.8, 1.0)
    is_speed_up = False
    durability = "COMMIT before the answer, synchronous_commit on"

    def set_up(self, stage: Stage, size: Size) -> None:
        """Start the door, let every node send once so that all series are known, and warm both sides up."""
        self._machines: list[Machine] = make_nodes(stage, min(size.nodes, MOST_MACHINES))
        self._stage, self._owner = stage, stage.connect()
        self._seconds, self._next, self._began = size.seconds, 0, time.time()
        self._rows = 0
        self._acknowledged = 0
        self._statuses: set[int] = set()
        self._writers: list[psycopg.Connection[Any]] = [stage.connect() for _ in range(2)]
        self._door = stage.ingest()
        beats = beats_of(self._machines, "/api/v1/agent/heartbeat", range(len(self._machines)), self._began + 200)
        self._statuses |= set(drive(self._door.port, beats, CONNECTIONS).statuses)
        self._rows += SERIES * len(beats)
        self._series = [row[0] for row in self._owner.execute(SERIES_OF_NODES).fetchall()]
        self._rates = {"door": 20.0, "copy": 40.0}
        for _ in range(2):
            self._copy(min(1.0, self._seconds))
            self._send(min(1.0, self._seconds))

    def baseline(self) -> Round:
        """Return how many rows a second COPY writes."""
        self._stage.checkpoint()
        return Round(self._copy(self._seconds))

    def portal(self) -> Round:
        """Return how many samples a second the door stores."""
        self._stage.checkpoint()
        load = self._send(self._seconds)
        figures = {"p99, ms": load.latency_ms(0.99), "load generator, CPU share": load.cpu_seconds / load.seconds}
        return Round(load.statuses[200] * BATCH_SAMPLES / load.seconds, figures)

    def faults(self) -> list[str]:
        """Count what is stored against what was acknowledged, and receipts against batches."""
        [stored] = self._owner.execute("SELECT count(*) FROM metric_samples").fetchone() or (0,)
        receipts = self._owner.execute(RECEIPTS).fetchone()
        faults = [] if self._statuses == {200} else [f"answers were {sorted(self._statuses)}"]
        if stored != self._rows:
            faults.append(f"{self._rows} rows were written, {stored} are stored")
        if receipts != (self._acknowledged, self._acknowledged * BATCH_SAMPLES, 0):
            faults.append(f"{self._acknowledged} batches were acknowledged, the receipts say {receipts}")
        return faults

    def tear_down(self) -> None:
        """Hang up."""
        for connection in (getattr(self, "_owner", None), *getattr(self, "_writers", ())):
            if connection:
                connection.close()

    def _send(self, seconds: float) -> Load:
        """Send batches for about so many seconds."""
        count = max(CONNECTIONS, int(self._rates["door"] * seconds))
        requests = batches_of(self._machines, "/api/v1/agent/metrics", self._numbers(count), self._began)
        load = drive(self._door.port, requests, CONNECTIONS)
        self._rates["door"] = load.per_second
        self._acknowledged += load.statuses[200]
        self._rows += load.statuses[200] * BATCH_SAMPLES
        self._statuses |= set(load.statuses)
        return load

    def _copy(self, seconds: float) -> float:
        """Write packed batches for about so many seconds and return the rows a second."""
        blocks = [self._packed(number) for number in self._numbers(max(2, int(self._rates["copy"] * seconds)))]
        began = time.perf_counter()
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(_write, self._writers, (blocks[::2], blocks[1::2])))
        rate = len(blocks) / (time.perf_counter() - began)
        self._rates["copy"] = rate
        self._rows += len(blocks) * BATCH_SAMPLES
        return rate * BATCH_SAMPLES

    def _packed(self, number: int) -> bytes:
        """Return the rows of one batch as COPY takes them, in the order of the table's key."""
        steps = np.arange(BATCH_SAMPLES // SERIES, dtype=np.float64)[::-1]
        moments: npt.NDArray[np.float64] = np.subtract(self._began - back(number), 10.0 * steps)
        rows = np.empty(BATCH_SAMPLES, ROW)
        rows["n"], rows["l1"], rows["l2"], rows["l3"] = 3, 4, 8, 8
        rows["series"] = np.repeat(self._series[number % len(self._series)], BATCH_SAMPLES // SERIES)
        rows["at"] = np.tile(microseconds(moments), SERIES)
        rows["value"] = (number * 13 + np.arange(BATCH_SAMPLES)) % 1000 / 10
        return HEADER + rows.tobytes() + TRAILER

    def _numbers(self, count: int) -> range:
        """Return numbers of batches nobody has used."""
        first, self._next = self._next, self._next + count
        return range(first, first + count)


def _write(connection: psycopg.Connection[Any], blocks: list[bytes]) -> None:
    """Write each block with a commit of its own."""
    for block in blocks:
        with connection.cursor().copy(COPY) as copy:
            copy.write(block)
