"""G4: the newest vitals of the whole fleet as JSON over HTTP, against COPY of the same columns.

The portal is asked as a person of one tenant: the token is checked, and the policies decide on every row. Requests are
further apart than the portal's memory for this answer reaches, so that each is made from the database; what a second
asker within that time waits is shown beside it.
"""

import http.client
import json
import statistics
import time
from typing import Any, Final

import psycopg

from apps.metrics.selectors.fleet_latest import COLUMNS
from benchmarks.fleet import Machine, add_latest, make_nodes, make_token
from benchmarks.goal import Better, Round, Size, Target
from benchmarks.stage import Stage

ADDRESS: Final = "/api/v1/fleet/latest/"
COPY: Final = f"COPY (SELECT {', '.join(COLUMNS)} FROM node_latest) TO STDOUT"  # noqa: S608 - names of ours
PAUSE_SECONDS: Final = 1.05


class Measured:
    """The goal."""

    name = "g4"
    title = "Fleet now: newest vitals of every node as JSON over HTTP"
    unit = "ms"
    target = Target(Better.LOW, 1.3)
    is_speed_up = False
    durability = "reads only"

    def set_up(self, stage: Stage, size: Size) -> None:
        """Fill `node_latest`, start the web process, and ask both once."""
        self._machines: list[Machine] = make_nodes(stage, size.nodes)
        add_latest(self._machines)
        self._owner: psycopg.Connection[Any] = stage.connect()
        self._owner.execute("VACUUM ANALYZE")
        self._headers = {"Authorization": f"Bearer {make_token()}"}
        self._http = http.client.HTTPConnection("127.0.0.1", stage.web().port, timeout=30)
        self._times = 3 if size.is_quick else 10
        for _ in range(3):
            self._copy()
            self._ask()
        time.sleep(PAUSE_SECONDS)

    def baseline(self) -> Round:
        """Return the median time of a COPY."""
        return Round(statistics.median(self._timed(self._copy) for _ in range(self._times)))

    def portal(self) -> Round:
        """Return the median time of an answer made from the database."""
        first, again = [], []
        for _ in range(self._times):
            time.sleep(PAUSE_SECONDS)
            first.append(self._timed(self._ask))
            again.append(self._timed(self._ask))
        return Round(statistics.median(first), {"asked again within a second, ms": statistics.median(again)})

    def faults(self) -> list[str]:
        """Compare the answer with the table, value by value."""
        found = json.loads(self._ask())
        answered = {row[0]: dict(zip(found["columns"], row, strict=True)) for row in found["rows"]}
        with self._owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            stored = cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM node_latest").fetchall()  # noqa: S608
        wrong = [row["node_id"] for row in stored if answered.get(str(row["node_id"])) != _as_told(row)]
        count = len(found["rows"])
        faults = [f"{len(wrong)} nodes are told wrong, such as {wrong[0]}"] if wrong else []
        return faults if count == len(self._machines) else [*faults, f"{count} of {len(self._machines)} nodes are told"]

    def tear_down(self) -> None:
        """Hang up."""
        for connection in (getattr(self, "_http", None), getattr(self, "_owner", None)):
            if connection:
                connection.close()

    def _copy(self) -> bytes:
        """Read the table by COPY."""
        with self._owner.cursor().copy(COPY) as rows:
            return b"".join(bytes(row) for row in rows)

    def _ask(self) -> bytes:
        """Read the portal's answer; raises AssertionError for anything but 200."""
        self._http.request("GET", ADDRESS, headers=self._headers)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise AssertionError(f"{answer.status}: {body[:300]!r}")
        return body

    @staticmethod
    def _timed(read: Any) -> float:
        """Return how many milliseconds something takes."""
        began = time.perf_counter()
        read()
        return (time.perf_counter() - began) * 1000


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row in the words of the answer: times as seconds since 1970."""
    times = {name: row[name].timestamp() for name in ("at", "received_at")}
    return {**row, "node_id": str(row["node_id"]), **times}
