"""G2: heartbeats with 20 metrics each, stored before they are answered, against an empty Django view.

The view stands alone: no middleware, no URL of the portal's, under the same server with one worker. Beside the ratio: a
naive view that stores the same body with the ORM, and the door's latencies at 70 % of its load.
"""

import time
from typing import Any, Final

import psycopg

from benchmarks.beats import BEAT_METRICS, beats_of
from benchmarks.fleet import Machine, make_nodes
from benchmarks.goal import Better, Round, Size, Target
from benchmarks.load import Load, drive, request_bytes
from benchmarks.stage import Stage

QUICK_NODES: Final = 500
CONNECTIONS: Final = 64
PACED_SHARE: Final = 0.7
COUNT: Final = "SELECT (SELECT count(*) FROM node_heartbeats), (SELECT count(*) FROM metric_samples)"


class Measured:
    """The goal."""

    name = "g2"
    title = "Heartbeats with 20 metrics each, stored before the answer, against an empty view"
    unit = "requests/s"
    target = Target(Better.HIGH, 0.65, 2.0)
    is_speed_up = False
    durability = "COMMIT before the answer, synchronous_commit on"

    def set_up(self, stage: Stage, size: Size) -> None:
        """Start the three servers and send everything once."""
        self._machines: list[Machine] = make_nodes(stage, min(size.nodes, QUICK_NODES) if size.is_quick else size.nodes)
        self._owner: psycopg.Connection[Any] = stage.connect()
        self._seconds = size.seconds if size.is_quick else max(size.seconds, 5.0)
        self._acknowledged = 0
        self._statuses: set[int] = set()
        self._next = 0
        self._door = stage.ingest()
        self._empty = stage.serve("empty", ["benchmarks.plain_server:application"], "/")
        self._naive = stage.serve(
            "naive", ["benchmarks.plain_server:application"], "/heartbeat", {"OMEGA_PROCESS": "worker"}
        )
        self._rates = {"door": 500.0, "empty": 1000.0, "naive": 20.0}
        # A node's first heartbeat makes its twenty series, which no later one has to.
        self._rates["door"] = max(self._rates["door"], len(self._machines) / min(1.0, self._seconds))
        for side in ("door", "empty", "naive"):
            self._measure(side, min(1.0, self._seconds))
        self._naive_rate = self._measure("naive", self._seconds).per_second

    def baseline(self) -> Round:
        """Return how many requests a second the empty view answers."""
        load = self._measure("empty", self._seconds)
        return Round(load.per_second, {"load generator, CPU share": load.cpu_seconds / load.seconds})

    def portal(self) -> Round:
        """Return how many heartbeats a second the door stores, and its latencies at 70 % of that."""
        load = self._measure("door", self._seconds)
        paced = self._measure("door", self._seconds, pace=PACED_SHARE * load.per_second)
        figures = {
            "times a naive ORM view": load.per_second / self._naive_rate,
            "p50 at 70 % load, ms": paced.latency_ms(0.5),
            "p99 at 70 % load, ms": paced.latency_ms(0.99),
            "load generator, CPU share": load.cpu_seconds / load.seconds,
        }
        return Round(load.per_second, figures)

    def faults(self) -> list[str]:
        """Count what is stored against what was acknowledged."""
        beats, samples = self._owner.execute(COUNT).fetchone() or (0, 0)
        faults = [] if self._statuses == {200} else [f"answers were {sorted(self._statuses)}"]
        if beats != self._acknowledged:
            faults.append(f"{self._acknowledged} heartbeats were acknowledged, {beats} are stored")
        if samples != self._acknowledged * BEAT_METRICS:
            faults.append(f"{samples} samples are stored of {self._acknowledged * BEAT_METRICS}")
        return faults

    def tear_down(self) -> None:
        """Hang up."""
        if owner := getattr(self, "_owner", None):
            owner.close()

    def _measure(self, side: str, seconds: float, pace: float | None = None) -> Load:
        """Send for about so many seconds, judged by the last time."""
        count = max(CONNECTIONS, int((pace or self._rates[side]) * seconds))
        server = {"door": self._door, "empty": self._empty, "naive": self._naive}[side]
        load = drive(server.port, self._requests(side, count), CONNECTIONS, pace=pace)
        if pace is None:
            self._rates[side] = load.per_second
        if side != "empty":
            self._acknowledged += load.statuses[200]
            self._statuses |= set(load.statuses)
        return load

    def _requests(self, side: str, count: int) -> list[bytes]:
        """Return prepared requests; the fleet sends in turn, each heartbeat measured at a moment of its own."""
        if side == "empty":
            return [request_bytes("GET", "/", {})] * count
        path = "/api/v1/agent/heartbeat" if side == "door" else "/heartbeat"
        first, self._next = self._next, self._next + count
        return beats_of(self._machines, path, range(first, first + count), time.time())
