"""Reads the samples of many nodes' series at once: a walk along the index for those that are read from about now on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from apps.core import sql
from apps.metrics.scrape_grids import TICKS, Grid, Layout, Numbers, grid_of
from apps.metrics.scrapes import LONGEST_GAP_SECONDS, Track

EPOCH_OF_POSTGRES: Final = 946684800
# Nodes whose spans start this close to each other are read together.
TOGETHER: Final = timedelta(minutes=2)
Scraped = Grid | list[Track]


@dataclass(frozen=True, slots=True)
class Own:
    """The series of a node that its vitals are made of: their numbers, also as text, and how they are laid out."""

    layout: Layout
    series: Numbers
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wanted of a node: samples of its series from `starts` to before `ends`."""

    node_id: UUID
    own: Own
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of many series by series and time: of `series` each, `counts` from place `firsts` on."""

    series: Numbers
    firsts: Numbers
    counts: Numbers
    ticks: Numbers
    values: Numbers


def read_scrapes(wanted: Iterable[Reading]) -> dict[UUID, Scraped]:
    """Return the samples of each node, as a grid where they are one."""
    found: dict[UUID, Scraped] = {}
    together: list[Reading] = []
    for one in sorted((one for one in wanted if one.own.text), key=lambda one: one.starts):
        if together and one.starts > together[0].starts + TOGETHER:
            found |= _read(together)
            together = []
        together.append(one)
    return found | _read(together) if together else found


def _read(wanted: Sequence[Reading]) -> dict[UUID, Scraped]:
    """Return the samples of nodes whose spans are about the same."""
    params = {
        # Text is much faster to write than a list of so many numbers.
        "series": f"{{{','.join(one.own.text for one in wanted)}}}",
        "starts": wanted[0].starts,
        "ends": max(one.ends for one in wanted),
    }
    (row,) = sql.fetch_all(__file__, "read_scrapes.sql", params)
    if row["series"] is None:
        return {one.node_id: [] for one in wanted}
    samples = _unpacked(row)
    return {one.node_id: _scraped(one.own, samples) for one in wanted}


def _scraped(own: Own, samples: Samples) -> Scraped:
    """Return the samples of a node's series."""
    places = np.minimum(np.searchsorted(samples.series, own.series), len(samples.series) - 1)
    present = samples.series[places] == own.series
    if not present.all():
        places = places[present]
        if not len(places):
            return []
        own = Own(own.layout.part(present), own.series[present], "")
    firsts, counts = samples.firsts[places], samples.counts[places]
    if (counts == counts[0]).all():
        at = firsts[:, None] + np.arange(counts[0])
        grid = grid_of(own.layout, own.series, at, samples.ticks, samples.values)
        if grid is not None:
            return grid
    return [
        Track(name, labels, *_run(samples, first, first + count), series)
        for (name, labels), series, first, count in zip(
            own.layout.named, own.series.tolist(), firsts.tolist(), counts.tolist(), strict=True
        )
    ]


def _run(samples: Samples, start: int, end: int) -> tuple[list[float], list[float]]:
    """Return times and values of one series."""
    return (samples.ticks[start:end] / TICKS).tolist(), samples.values[start:end].tolist()


def _unpacked(row: dict[str, Any]) -> Samples:
    """Return samples in order of their series and time."""
    series = np.frombuffer(row["series"], ">i4").astype(np.int64)
    ticks = np.frombuffer(row["times"], ">i8").astype(np.int64) + EPOCH_OF_POSTGRES * TICKS
    order = np.lexsort((ticks, series))
    numbers, firsts, counts = np.unique(series[order], return_index=True, return_counts=True)
    return Samples(numbers, firsts, counts, ticks[order], np.frombuffer(row["values"], ">f8").astype(float)[order])


def add_before(scraped: dict[UUID, Scraped], since: Mapping[UUID, float]) -> None:
    """Put the sample before in front of series that say nothing up to a time, so that they tell a rate after it."""
    begun: dict[int, tuple[list[Track], int]] = {}
    for node_id, at in since.items():
        one = scraped[node_id]
        if isinstance(one, Grid):
            if one.times[0] <= at:
                continue
            one = scraped[node_id] = one.tracks()
        begun |= {track.series: (one, place) for place, track in enumerate(one) if track.times[0] > at}
    if not begun:
        return
    firsts = [tracks[place].times[0] for tracks, place in begun.values()]
    oldest = datetime.fromtimestamp(min(firsts) - LONGEST_GAP_SECONDS, UTC)
    params = {"series": list(begun), "firsts": firsts, "gap": LONGEST_GAP_SECONDS, "oldest": oldest}
    for row in sql.fetch_all(__file__, "read_before.sql", params):
        tracks, place = begun[row["series_id"]]
        old = tracks[place]
        times, values = [row["epoch"], *old.times], [row["value"], *old.values]
        tracks[place] = Track(old.name, old.labels, times, values, old.series)
