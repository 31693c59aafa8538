"""What a process remembers between groups, so that the database need not be asked: only what was committed counts."""

from datetime import datetime
from typing import Final
from uuid import UUID

from apps.ingest.store.table import SeriesTable

HOUR: Final = 3600
Mark = tuple[UUID, float]


class OpenHours:
    """Which (node, hour) this process has marked for roll-up, while that hour is not over."""

    def __init__(self) -> None:
        """Start without marks."""
        self._marked: dict[float, set[UUID]] = {}

    def missing(self, marks: set[Mark], now: datetime) -> list[Mark]:
        """Return, in order, the marks that must be written: an hour that is over is marked every time."""
        seconds = now.timestamp()
        return sorted(
            mark for mark in marks if mark[1] + HOUR <= seconds or mark[0] not in self._marked.get(mark[1], ())
        )

    def note(self, marks: list[Mark], now: datetime) -> None:
        """Remember marks that were committed, and forget the hours that are over."""
        seconds = now.timestamp()
        for hour in [hour for hour in self._marked if hour + HOUR <= seconds]:
            del self._marked[hour]
        for node_id, hour in marks:
            if hour + HOUR > seconds:
                self._marked.setdefault(hour, set()).add(node_id)


class Memory:
    """One process's memory; `most_series` is the ceiling of each node."""

    def __init__(self, most_series: int) -> None:
        """Start empty."""
        self.most_series = most_series
        self.series = SeriesTable()
        self.hours = OpenHours()
