"""Reads the samples of many nodes' series at once: a walk along the index for those that are read from about now on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from apps.core import sql
from apps.metrics.scrapes import LONGEST_GAP_SECONDS, Track

EPOCH_OF_POSTGRES: Final = 946684800
# Nodes whose spans start this close to each other are read together.
TOGETHER: Final = timedelta(minutes=2)
Named = tuple[int, str, dict[str, str]]
Samples = dict[int, tuple[list[float], list[float]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wanted of a node: samples of its series (number, name, labels) from `starts` to before `ends`."""

    node_id: UUID
    series: Sequence[Named]
    starts: datetime
    ends: datetime


def read_scrapes(wanted: Iterable[Reading]) -> dict[UUID, list[Track]]:
    """Return the tracks of each node that have samples."""
    found: dict[UUID, list[Track]] = {}
    together: list[Reading] = []
    for one in sorted((one for one in wanted if one.series), key=lambda one: one.starts):
        if together and one.starts > together[0].starts + TOGETHER:
            found |= _read(together)
            together = []
        together.append(one)
    return found | _read(together) if together else found


def _read(wanted: Sequence[Reading]) -> dict[UUID, list[Track]]:
    """Return the tracks of nodes whose spans are about the same."""
    params = {
        # Text is much faster to write than a list of so many numbers.
        "series": f"{{{','.join(str(series) for one in wanted for series, _, _ in one.series)}}}",
        "starts": wanted[0].starts,
        "ends": max(one.ends for one in wanted),
    }
    (row,) = sql.fetch_all(__file__, "read_scrapes.sql", params)
    samples = _unpacked(row) if row["series"] is not None else {}
    return {one.node_id: [_track(named, samples) for named in one.series if named[0] in samples] for one in wanted}


def _track(named: Named, samples: Samples) -> Track:
    """Return a series with its samples."""
    series, name, labels = named
    times, values = samples[series]
    return Track(name, labels, times, values, series)


def _unpacked(row: dict[str, Any]) -> Samples:
    """Return times and values of each series, in order of time."""
    series = np.frombuffer(row["series"], ">i4").astype(np.int64)
    times = np.frombuffer(row["times"], ">i8").astype(np.int64)
    order = np.lexsort((times, series))
    numbers, firsts = np.unique(series[order], return_index=True)
    epochs = (times[order] / 1e6 + EPOCH_OF_POSTGRES).tolist()
    values = np.frombuffer(row["values"], ">f8")[order].tolist()
    bounds = [*firsts.tolist(), len(epochs)]
    runs = zip(numbers.tolist(), bounds, bounds[1:], strict=False)
    return {number: (epochs[start:end], values[start:end]) for number, start, end in runs}


def add_before(wanted: Iterable[tuple[list[Track], float]]) -> None:
    """Put the sample before in front of tracks that say nothing up to a time, so that they tell a rate after it."""
    begun = {
        track.series: (tracks, place)
        for tracks, since in wanted
        for place, track in enumerate(tracks)
        if track.times[0] > since
    }
    if not begun:
        return
    firsts = [tracks[place].times[0] for tracks, place in begun.values()]
    oldest = datetime.fromtimestamp(min(firsts) - LONGEST_GAP_SECONDS, UTC)
    params = {"series": list(begun), "firsts": firsts, "gap": LONGEST_GAP_SECONDS, "oldest": oldest}
    for row in sql.fetch_all(__file__, "read_before.sql", params):
        tracks, place = begun[row["series_id"]]
        one = tracks[place]
        times, values = [row["epoch"], *one.times], [row["value"], *one.values]
        tracks[place] = Track(one.name, one.labels, times, values, one.series)
