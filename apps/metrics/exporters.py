"""What node_exporter, Telegraf and OpenTelemetry's host metrics say of a machine, as its vitals. Pure."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from apps.metrics.scrape_grids import Grid, Look
from apps.metrics.scrape_parts import Vitals, is_counted
from apps.metrics.scrape_readers import read_node_exporter, read_opentelemetry, read_telegraf
from apps.metrics.scrapes import Scrape, Track, moments
from apps.metrics.vitals import LONGEST_UPTIME, SMALLEST, VITALS


@dataclass(frozen=True, slots=True)
class Exporter:
    """One kind of collector: the series that shows its scrapes, labels of the machine, all series, and their reader."""

    anchor: str
    machine: tuple[str, ...]
    names: tuple[str, ...]
    read: Callable[[Scrape | Look], Vitals]


@dataclass(frozen=True, slots=True)
class Row:
    """The vitals of one scrape; `at` is epoch seconds."""

    at: float
    vitals: Vitals


def rows_of(tracks: Iterable[Track], hostname: str, since: float) -> list[Row]:
    """Return the vitals of every scrape after `since` of the machine itself, in order of time."""
    return rows_of_machine(own_tracks(tracks, hostname), since)


def own_tracks(tracks: Iterable[Track], hostname: str) -> list[Track]:
    """Return the tracks of the machine itself that its vitals are made of; one that shows no scrapes names nobody."""
    by_name = _by_name(tracks)
    found = []
    for exporter in EXPORTERS:
        machine = _machine(exporter, [one for one in by_name.get(exporter.anchor, ()) if one.times], hostname)
        if machine is not None:
            of_kind = (one for name in exporter.names for one in by_name.get(name, ()))
            found += [one for one in of_kind if _named(exporter, one) == machine and is_counted(one)]
    return found


def rows_of_machine(scraped: Grid | Iterable[Track], since: float) -> list[Row]:
    """Return the vitals of every scrape after `since`, in order of time; all series are those of one machine.

    A grid must have a moment up to `since`.
    """
    if isinstance(scraped, Grid):
        looks = [(at, scraped.look(place)) for place, at in enumerate(scraped.times) if at > since]
        known = [exporter for exporter in EXPORTERS if exporter.anchor in scraped.layout.by_name]
        rows = [row for exporter in known for at, look in looks if (row := _row(exporter, at, look))]
    else:
        by_name = _by_name(scraped)
        rows = [row for exporter in EXPORTERS if exporter.anchor in by_name for row in _rows(exporter, by_name, since)]
    return sorted(rows, key=lambda row: row.at)


def _by_name(tracks: Iterable[Track]) -> dict[str, list[Track]]:
    """Return tracks by the name of their metric."""
    by_name: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        by_name[track.name].append(track)
    return by_name


def _rows(exporter: Exporter, by_name: Mapping[str, list[Track]], since: float) -> list[Row]:
    """Return what one kind of collector tells."""
    own = {name: by_name[name] for name in exporter.names if name in by_name}
    times = moments(own[exporter.anchor])
    found = []
    for before, at in zip([None, *times], times, strict=False):
        if at > since and (row := _row(exporter, at, Scrape(own, at, before))):
            found.append(row)
    return found


def _row(exporter: Exporter, at: float, scrape: Scrape | Look) -> Row | None:
    """Return the vitals of one scrape, None where it tells none."""
    vitals = _sensible(exporter.read(scrape))
    return Row(at, vitals) if vitals else None


def _named(exporter: Exporter, track: Track) -> tuple[str, ...]:
    """Return how a series names its machine."""
    return tuple(track.labels.get(label, "") for label in exporter.machine)


def _machine(exporter: Exporter, anchors: Sequence[Track], hostname: str) -> tuple[str, ...] | None:
    """Return the machine whose series are the node's own: the one of its name, or the only one."""
    found = sorted({_named(exporter, track) for track in anchors})
    if len({name[0] for name in found}) == 1:
        return found[0]
    host = hostname.lower()
    for own in (host, host.partition(".")[0], "localhost", "127.0.0.1", "[::1]"):
        for name in found:
            if re.sub(r":\d+$", "", name[0]).lower() == own:
                return name
    return None


def _sensible(vitals: Vitals) -> Vitals:
    """Return vitals within what they can be: rounding makes 100.2 percent, and strange counters make infinity."""
    return {name: kept for name, value in vitals.items() if (kept := _bounded(name, value)) is not None}


def _bounded(name: str, value: float | list[float]) -> float | list[float] | None:
    """Return a value as the table takes it, None where there is no sense in it."""
    if isinstance(value, list):
        return [min(max(one, 0.0), 100.0) for one in value] if all(map(isfinite, value)) else None
    if not isfinite(value):
        return None
    return min(value, VITALS[name].ceiling if name in VITALS else LONGEST_UPTIME) if value >= SMALLEST else 0.0


EXPORTERS: Final = (
    Exporter(
        "node_cpu_seconds_total",
        ("instance", "job"),
        (
            "node_cpu_seconds_total", "node_load1", "node_boot_time_seconds", "node_processes_pids",
            "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", "node_memory_SwapTotal_bytes",
            "node_memory_SwapFree_bytes", "node_filesystem_size_bytes", "node_filesystem_free_bytes",
            "node_filesystem_avail_bytes", "node_disk_read_bytes_total", "node_disk_written_bytes_total",
            "node_network_receive_bytes_total", "node_network_transmit_bytes_total",
        ),
        read_node_exporter,
    ),
    Exporter(
        "cpu_usage_idle",
        ("host",),
        (
            "cpu_usage_idle", "cpu_usage_iowait", "system_load1", "system_uptime", "processes_total", "mem_total",
            "mem_available", "swap_used_percent", "disk_used_percent", "diskio_read_bytes", "diskio_write_bytes",
            "net_bytes_recv", "net_bytes_sent",
        ),
        read_telegraf,
    ),
    Exporter(
        "system.cpu.time",
        ("host.name",),
        (
            "system.cpu.time", "system.cpu.load_average.1m", "system.uptime", "system.memory.usage",
            "system.paging.usage", "system.filesystem.usage", "system.disk.io", "system.network.io",
        ),
        read_opentelemetry,
    ),
)  # fmt: skip
ANCHORS: Final = frozenset(exporter.anchor for exporter in EXPORTERS)
NAMES: Final = tuple(name for exporter in EXPORTERS for name in exporter.names)
MACHINE_LABELS: Final = frozenset(label for exporter in EXPORTERS for label in exporter.machine)
