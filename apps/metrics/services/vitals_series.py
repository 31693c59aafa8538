"""Which series a node's vitals are made of: found once, remembered, found again when the node has new ones."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, Self
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
import numpy as np

from apps.core import sql
from apps.metrics.exporters import ANCHORS, MACHINE_LABELS, NAMES, own_tracks
from apps.metrics.scrape_grids import Grid, Layout
from apps.metrics.scrapes import LONGEST_GAP_SECONDS, TOLERANCE_SECONDS, Track
from apps.metrics.selectors.scrapes import Own, Reading, Scraped

# Parts of a scrape may be stamped apart.
BACK: Final = timedelta(seconds=1)
FAR_BACK: Final = timedelta(seconds=LONGEST_GAP_SECONDS)
AT_ONCE: Final = timedelta(hours=1)
_encode = msgspec.json.Encoder().encode
_done = msgspec.json.Decoder(dict[float, int], strict=False).decode
_labels = msgspec.json.Decoder(dict[str, str]).decode
_series = msgspec.json.Decoder(list[tuple[int, str, dict[str, str]]]).decode
# What this process has read of notes: of each node the series under the hash of its note, and each layout once
# for as long as a node has it.
MOST_KEPT: Final = 20_000
_kept: dict[UUID, tuple[int, Own]] = {}
_layouts: WeakValueDictionary[bytes, Layout] = WeakValueDictionary()


@dataclass(slots=True)
class Span:
    """What is to be read of a node: scrapes after `since` become rows, those from `starts` on only tell rates.

    `done` tells what was read of the last minute, `series` what is remembered, empty when it is to be found anew;
    `shown` the newest scrape of any machine found then, epoch seconds.
    """

    node_id: UUID
    hostname: str
    newest_series: int
    since: datetime
    starts: datetime
    ends: datetime
    done: str
    series: str = ""
    shown: float | None = None

    @classmethod
    def follow(cls, source: Mapping[str, Any], latest_part: timedelta) -> Self:
        """Read on where reading ended, and what a late part may still change."""
        known = _is_known(source)
        since = source["reached"] - latest_part
        return cls._of(source, since, BACK if known else FAR_BACK, source["series"] if known else "")

    @classmethod
    def jump(cls, source: Mapping[str, Any], first: datetime) -> Self:
        """Read from the first scrape after a break on."""
        return cls._of(source, first - BACK, FAR_BACK, source["series"] if _is_known(source) else "")

    @classmethod
    def _of(cls, source: Mapping[str, Any], since: datetime, back: timedelta, series: str) -> Self:
        """Return the span of a node."""
        since = max(since, source["own_until"])
        node_id, hostname, newest = source["node_id"], source["hostname"], source["newest"]
        return cls(node_id, hostname, newest, since, since - back, since + AT_ONCE, source["done"], series)


@dataclass(frozen=True, slots=True)
class Change:
    """From when on a node's scrapes are to be worked out, None for nowhere, and how many samples each time has."""

    since: float | None
    counts: Mapping[float, int]

    @classmethod
    def of(cls, scraped: Scraped, span: Span) -> Self:
        """Compare what is there with what was there: a sample changes its scrape and the rates of those after it."""
        since = span.since.timestamp()
        if isinstance(scraped, Grid):
            every: Mapping[float, int] = dict.fromkeys(scraped.times, len(scraped.series))
        else:
            every = Counter(chain.from_iterable(track.times for track in scraped))
        counts = {at: count for at, count in every.items() if at > since}
        done = _done(span.done) if span.done else {}
        first = min((at for at, count in counts.items() if done.get(at) != count), default=None)
        return cls(None if first is None else max(since, first - 2 * TOLERANCE_SECONDS), counts)


def find_series(spans: Sequence[Span], oldest: datetime) -> list[Reading]:
    """Return what is to be read of each node's own series; what was found anew is remembered, and told by the spans."""
    anew = [span for span in spans if not span.series]
    if anew:
        _find(anew, oldest)
    return [_reading(span) for span in spans]


def _is_known(source: Mapping[str, Any]) -> bool:
    """Tell whether what is remembered still holds: nothing remembered is found again as long as there is contact."""
    return bool(source["series"] and source["known_as"] == source["hostname"]) and (
        source["newest_series"] == source["newest"]
    )


def _find(spans: Sequence[Span], oldest: datetime) -> None:
    """Find and remember the series of nodes."""
    params: dict[str, Any] = {
        "node_ids": [span.node_id for span in spans],
        "starts": [span.starts for span in spans],
        "ends": [span.ends for span in spans],
        "oldest": max(oldest, min(span.starts for span in spans)),
        "names": list(NAMES),
        "anchors": sorted(ANCHORS),
    }
    candidates: dict[UUID, list[Track]] = defaultdict(list)
    for row in sql.fetch_all(__file__, "vitals_series.sql", params):
        times = () if row["epoch"] is None else (row["epoch"],)
        track = Track(row["metric_type"], _labels(row["labels"]), times, times, row["series_id"])
        candidates[row["node_id"]].append(track)
    for span in spans:
        found = candidates[span.node_id]
        own = sorted(own_tracks(found, span.hostname), key=lambda track: track.series)
        span.series = _encode([(one.series, one.name, one.labels) for one in own]).decode() if own else ""
        span.shown = max((one.times[-1] for one in found if one.times), default=None)
    _remember(spans)


def _remember(spans: Sequence[Span]) -> None:
    """Note what was found."""
    params = {
        "node_ids": [span.node_id for span in spans],
        "hostnames": [span.hostname for span in spans],
        "newest": [span.newest_series for span in spans],
        "series": [span.series for span in spans],
    }
    sql.execute(__file__, "note_vitals_series.sql", params)


def _reading(span: Span) -> Reading:
    """Return what is to be read of a node."""
    return Reading(span.node_id, _own(span.node_id, span.series), span.starts, span.ends)


def _own(node_id: UUID, note: str) -> Own:
    """Return the series of a note; it is the same one most of the time."""
    mark = hash(note)
    known = _kept.get(node_id)
    if known is None or known[0] != mark:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[node_id] = known = mark, _read_note(note)
    return known[1]


def _read_note(note: str) -> Own:
    """Return the series of a note; what names the machine tells nothing of its series."""
    found = _series(note or "[]")
    named = [
        (name, {label: value for label, value in labels.items() if label not in MACHINE_LABELS})
        for _, name, labels in found
    ]
    numbers = [series for series, _, _ in found]
    layout = _layouts.setdefault(_encode(named), Layout(named))
    return Own(layout, np.array(numbers, np.int64), ",".join(map(str, numbers)))
