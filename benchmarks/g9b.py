"""G9b: a million samples as CSV through the web process, against COPY TO STDOUT of the same rows.

Both are read to the last byte. The portal checks the token, decides on rows by policy, and makes host names harmless
for spreadsheets; the baseline does none of that. The web process's memory is looked at before and at its highest after.
"""

import http.client
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from apps.core.sql import sql_text
from benchmarks.fleet import make_nodes, make_token
from benchmarks.goal import Better, Round, Size, Target
from benchmarks.processes import Server
from benchmarks.stage import Stage

ROWS, QUICK_ROWS = 1_000_000, 100_000
NODES: Final = 100
MEGABYTE: Final = 1e6
MOST_GROWTH_MB: Final = 32 * 1.048576
VITALS: Final = ("cpu_percent", "ram_percent", "load_1m")
PIECE: Final = 256 * 1024
MINUTE: Final = timedelta(minutes=1)
COPY: Final = f"""COPY (
    SELECT timestamp AS "time", nodes.hostname, node_id, {", ".join(VITALS)}
    FROM usage_metrics JOIN nodes USING (node_id)
    WHERE timestamp >= %s AND timestamp < %s
) TO STDOUT (FORMAT csv, HEADER)"""  # noqa: S608 - names of ours


class Measured:
    """The goal."""

    name = "g9b"
    title = "Export: a million rows as CSV over HTTP"
    unit = "MB/s"
    target = Target(Better.HIGH, 0.6, 0.85)
    is_speed_up = False
    durability = "reads only"

    def set_up(self, stage: Stage, size: Size) -> None:
        """Store the samples, start the web process, and take a small file from it."""
        self._nodes = min(NODES, size.nodes)
        self._minutes = (QUICK_ROWS if size.is_quick else ROWS) // NODES
        make_nodes(stage, self._nodes)
        self._end = datetime.now(UTC).replace(second=0, microsecond=0)
        self._start = self._end - self._minutes * MINUTE
        self._owner: psycopg.Connection[Any] = stage.connect()
        params = {"since": self._start, "until": self._end, "step": MINUTE}
        self._owner.execute(sql_text(__file__, "add_usage.sql"), params)
        self._owner.execute("VACUUM ANALYZE")
        self._headers = {"Authorization": f"Bearer {make_token()}"}
        self._web: Server = stage.web()
        self._sizes: set[tuple[int, int]] = set()
        self._growth = 0.0
        self._download(self._end - 100 * MINUTE)
        self._copy(self._end - 100 * MINUTE)

    def baseline(self) -> Round:
        """Return how many bytes a second COPY sends."""
        began = time.perf_counter()
        size, _ = self._copy(self._start)
        return Round(size / MEGABYTE / (time.perf_counter() - began))

    def portal(self) -> Round:
        """Return how many bytes a second the portal sends, and by how much its memory grew meanwhile."""
        before, began = _memory_mb(self._web), time.perf_counter()
        size, lines = self._download(self._start)
        seconds = time.perf_counter() - began
        self._sizes.add((size, lines))
        growth = (self._web.peak_memory_mb or 0.0) - before
        self._growth = max(self._growth, growth)
        return Round(size / MEGABYTE / seconds, {"RSS growth MB": growth, "rows": float(lines - 1)})

    def faults(self) -> list[str]:
        """Compare every file with what COPY sends, byte count and line count, and the memory with its bound."""
        wanted = self._copy(self._start)
        faults = [f"a file of {size} bytes, {lines} lines, not {wanted}" for size, lines in self._sizes - {wanted}]
        if self._growth > MOST_GROWTH_MB:
            faults.append(f"the web process grew by {self._growth:.0f} MB")
        if wanted[1] != self._nodes * self._minutes + 1:
            faults.append(f"COPY sends {wanted[1]} lines")
        return faults

    def tear_down(self) -> None:
        """Hang up."""
        if owner := getattr(self, "_owner", None):
            owner.close()

    def _copy(self, start: datetime) -> tuple[int, int]:
        """Read the rows by COPY; returns bytes and lines."""
        size = lines = 0
        with psycopg.ClientCursor(self._owner).copy(COPY, (start, self._end)) as rows:
            for row in rows:
                size, lines = size + len(row), lines + 1
        return size, lines

    def _download(self, start: datetime) -> tuple[int, int]:
        """Read the portal's file; returns bytes and lines. Raises AssertionError for anything but a whole file."""
        span = [("start", f"{start:%FT%TZ}"), ("end", f"{self._end:%FT%TZ}")]
        connection = http.client.HTTPConnection("127.0.0.1", self._web.port, timeout=120)
        address = f"/api/v1/metrics/export.csv?{urlencode([*span, *(('metric', name) for name in VITALS)])}"
        connection.request("GET", address, headers=self._headers)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise AssertionError(f"{answer.status}: {answer.read()[:300]!r}")
        size = lines = 0
        while piece := answer.read(PIECE):
            size, lines = size + len(piece), lines + piece.count(b"\n")
        connection.close()
        return size, lines


def _memory_mb(server: Server) -> float:
    """Return what a process has in memory now, in 10^6 bytes."""
    for line in Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / MEGABYTE
    return 0.0
