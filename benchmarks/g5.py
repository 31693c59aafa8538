"""G5: questions about a whole fleet over a day, to the portal over HTTP and to the samples themselves.

The ratio is that of the 95th percentile of every node over 24 hours. The hour's average of every node, the top twenty,
the chart of one node and the plain SQL over the roll-up are shown beside it. A full run has about 100 million values:
4,000 nodes, a sample a minute, eighteen vitals each.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from apps.core.sql import sql_text
from apps.metrics.services import roll_up
from benchmarks.fleet import Machine, as_the_portal, make_nodes, make_token
from benchmarks.goal import Better, Round, Size, Target
from benchmarks.stage import Stage

MOST_NODES, QUICK_NODES = 4000, 100

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SETTLING: Final = timedelta(minutes=10)
CLOSE: Final = 1e-6
RANK_ERROR: Final = 0.01
P95: Final = """SELECT node_id, percentile_cont(0.95) WITHIN GROUP (ORDER BY cpu_percent) FROM usage_metrics
    WHERE timestamp >= %s AND timestamp < %s GROUP BY node_id"""
AVERAGE: Final = (
    "SELECT node_id, avg(cpu_percent) FROM usage_metrics WHERE timestamp >= %s AND timestamp < %s GROUP BY node_id"
)
TOP: Final = f"{AVERAGE} ORDER BY 2 DESC LIMIT 20"
BARE: Final = """SELECT node_id, sum(cpu_percent_avg * cpu_percent_count) / sum(cpu_percent_count) FROM usage_hourly
    WHERE bucket >= %s AND bucket < %s GROUP BY node_id"""
SKETCHES: Final = """SELECT node_id, string_agg(sketch, ''::bytea) FROM usage_sketches
    WHERE vital = 'cpu_percent' AND bucket >= %s AND bucket < %s GROUP BY node_id"""
CHART: Final = """SELECT date_bin('10 minutes', timestamp, '2000-01-03') AS at,
        avg(cpu_percent), min(cpu_percent), max(cpu_percent)
    FROM usage_metrics WHERE node_id = %s AND timestamp >= %s AND timestamp < %s GROUP BY 1"""
RANKS: Final = """SELECT max(greatest(0.95 - below_or_at, below - 0.95, 0)) FROM (
    SELECT avg((cpu_percent < told.value)::int) AS below, avg((cpu_percent <= told.value)::int) AS below_or_at
    FROM usage_metrics JOIN unnest(%s::uuid[], %s::float8[]) AS told (node_id, value) USING (node_id)
    WHERE timestamp >= %s AND timestamp < %s GROUP BY node_id) AS ranks"""


Rows = Mapping[datetime, tuple[float, ...]]


class Measured:
    """The goal."""

    name = "g5"
    title = "Fleet windows: 24 h 95th percentile of every node"
    unit = "ms"
    target = Target(Better.HIGH, 20.0)
    is_speed_up = True
    durability = "reads only"

    def set_up(self, stage: Stage, size: Size) -> None:
        """Store a day and an hour of samples, roll them up, start the web process, and ask both once."""
        nodes = min(size.nodes, QUICK_NODES if size.is_quick else MOST_NODES)
        self._machines: list[Machine] = make_nodes(stage, nodes)
        self._end = (datetime.now(UTC) - SETTLING).replace(minute=0, second=0, microsecond=0)
        self._owner: psycopg.Connection[Any] = stage.connect()
        self._stored = self._fill()
        with as_the_portal():
            roll_up(batch=2000)
        self._owner.execute("VACUUM ANALYZE")
        self._headers = {"Authorization": f"Bearer {make_token()}"}
        self._http = http.client.HTTPConnection("127.0.0.1", stage.web().port, timeout=120)
        for ask in (self._p95, self._average, self._top, self._chart):
            ask()

    def baseline(self) -> Round:
        """Return how long the samples themselves take."""
        day, hour = (self._end - DAY, self._end), (self._end - HOUR, self._end)
        figures = {
            "raw 1 h average ms": self._raw(AVERAGE, *hour),
            "raw 24 h top-20 ms": self._raw(TOP, *day),
            "raw 24 h chart of a node ms": self._raw(CHART, self._machines[0].node_id, *day),
            "bare roll-up SQL, 24 h average ms": self._raw(BARE, *day),
            "bare roll-up SQL, 24 h sketches ms": self._raw(SKETCHES, *day),
        }
        return Round(self._raw(P95, *day), figures)

    def portal(self) -> Round:
        """Return how long the portal takes."""
        figures = {
            "portal 1 h average ms": _timed(self._average),
            "portal 24 h top-20 ms": _timed(self._top),
            "portal 24 h chart of a node ms": _timed(self._chart),
        }
        return Round(_timed(self._p95), figures)

    def faults(self) -> list[str]:
        """Hold every answer against the samples."""
        day, hour = (self._end - DAY, self._end), (self._end - HOUR, self._end)
        told = self._p95()
        error = self._owner.execute(RANKS, (list(told), list(told.values()), *day)).fetchone()
        top = [str(row[0]) for row in self._owner.execute(TOP, day)]
        chart = {row[0]: row[1:] for row in self._owner.execute(CHART, (self._machines[0].node_id, *day))}
        wrong_rank = error is None or error[0] is None or float(error[0]) > RANK_ERROR
        faults = {
            f"{len(told)} of {len(self._machines)} nodes have a percentile": len(told) != len(self._machines),
            f"a percentile is off by {error and error[0]} in rank": wrong_rank,
            "an hour's average is not that of the samples": not _alike(self._average(), self._exact(AVERAGE, hour)),
            "the top twenty are not those of the samples": list(self._top()) != top[: len(self._machines)],
            "the chart is not that of the samples": not _alike_rows(self._chart(), chart),
        }
        return [fault for fault, is_so in faults.items() if is_so]

    def tear_down(self) -> None:
        """Hang up."""
        for connection in (getattr(self, "_http", None), getattr(self, "_owner", None)):
            if connection:
                connection.close()

    def _fill(self) -> int:
        """Store the samples hour by hour; returns how many."""
        stored, at = 0, self._end - DAY
        while at < self._end:
            params = {"since": at, "until": at + HOUR, "step": MINUTE}
            row = self._owner.execute(sql_text(__file__, "add_usage.sql"), params).fetchone()
            stored, at = stored + (row[0] if row else 0), at + HOUR
        return stored

    def _raw(self, statement: str, *params: object) -> float:
        """Return how many milliseconds a statement takes to its last row."""
        return _timed(lambda: self._owner.execute(statement, params).fetchall())

    def _exact(self, statement: str, params: tuple[object, ...]) -> dict[str, float]:
        """Return a number per node from the samples."""
        return {str(node_id): value for node_id, value in self._owner.execute(statement, params)}

    def _p95(self) -> dict[str, float]:
        """Ask for the percentile of every node over a day."""
        return self._totals(aggregation="p95", start=self._end - DAY, top=len(self._machines))

    def _average(self) -> dict[str, float]:
        """Ask for the average of every node over an hour."""
        return self._totals(aggregation="avg", start=self._end - HOUR, top=len(self._machines))

    def _top(self) -> dict[str, float]:
        """Ask for the twenty busiest nodes of a day."""
        return self._totals(aggregation="avg", start=self._end - DAY, top=20)

    def _totals(self, *, start: datetime, **query: object) -> dict[str, float]:
        """Ask for one number per node."""
        found = self._ask("top", {"metric": "cpu_percent", "start": _text(start), "end": _text(self._end), **query})
        return {one["subject"]["node_id"]: one["value"] for one in found["totals"]}

    def _chart(self) -> dict[datetime, tuple[float, float, float]]:
        """Ask for a day of one node in steps of ten minutes with their band."""
        span = {"start": _text(self._end - DAY), "end": _text(self._end), "step": 600, "band": "true"}
        found = self._ask("query", {"metric": "cpu_percent", "node": self._machines[0].node_id, **span})
        points = found["series"][0]["points"]
        return {datetime.fromisoformat(p["at"]): (p["value"], p["min"], p["max"]) for p in points}

    def _ask(self, path: str, query: dict[str, object]) -> Any:
        """Return the portal's answer; raises AssertionError for anything but 200."""
        self._http.request("GET", f"/api/v1/metrics/{path}/?{urlencode(query)}", headers=self._headers)
        answer = self._http.getresponse()
        body = answer.read()
        self._http.close()
        if answer.status != http.client.OK:
            raise AssertionError(f"{answer.status}: {body[:300]!r}")
        return json.loads(body)


def _text(at: datetime) -> str:
    """Return a time as addresses take it."""
    return f"{at:%FT%TZ}"


def _timed(ask: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _alike(told: dict[str, float], exact: dict[str, float]) -> bool:
    """Tell whether the same nodes have the same numbers."""
    return told.keys() == exact.keys() and all(abs(told[key] - exact[key]) <= CLOSE * abs(exact[key]) for key in exact)


def _alike_rows(told: Rows, exact: Rows) -> bool:
    """Tell whether the same steps have the same numbers."""
    return told.keys() == exact.keys() and all(
        abs(mine - theirs) <= CLOSE * abs(theirs) + CLOSE
        for at in exact
        for mine, theirs in zip(told[at], exact[at], strict=True)
    )
