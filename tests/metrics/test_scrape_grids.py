"""Scrapes whose series all have the same moments: read as columns of numbers, and the vitals are the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.exporters import rows_of_machine
from apps.metrics.models import MetricSample, MetricSeries
from apps.metrics.scrape_grids import Grid, Layout, grid_of
from apps.metrics.selectors.scrapes import Own, Reading, Scraped, read_scrapes
from tests import make
from tests.database import acting_as

START = 1_900_000_000
NAMED: tuple[tuple[str, dict[str, str]], ...] = (
    *(
        ("node_cpu_seconds_total", {"cpu": cpu, "mode": mode})
        for cpu in ("0", "1")
        for mode in ("idle", "user", "iowait")
    ),
    ("node_load1", {}),
    ("node_boot_time_seconds", {}),
    ("node_memory_MemTotal_bytes", {}),
    ("node_memory_MemAvailable_bytes", {}),
    *(
        (f"node_filesystem_{part}_bytes", {"device": "sda1", "fstype": "ext4", "mountpoint": where})
        for part in ("size", "free", "avail")
        for where in ("/", "/data")
    ),
    *(("node_network_receive_bytes_total", {"device": device}) for device in ("eth0", "eth1")),
    ("cpu_usage_idle", {"cpu": "cpu-total"}),
    ("diskio_write_bytes", {"name": "sda"}),
    ("net_bytes_recv", {"interface": "eth0"}),
    *(("system.cpu.time", {"cpu": "cpu0", "state": state}) for state in ("idle", "user", "wait")),
    *(("system.memory.usage", {"state": state}) for state in ("used", "free")),
    *(("system.disk.io", {"device": "sda", "direction": way}) for way in ("read", "write")),
)
MANY = len(NAMED)
steps = st.lists(st.sampled_from([1.5, 15.0, 60.0, 300.0, 301.0]), min_size=1, max_size=5)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Return samples of a machine of which some series may be missing."""
    present = sorted(draw(st.sets(st.integers(0, MANY - 1), min_size=1)))
    times = np.cumsum([START, *draw(steps)]).tolist()
    # Counters that go on, stand still or begin again.
    values = st.lists(st.floats(0, 1e12), min_size=len(times), max_size=len(times))
    rows = [sorted(row) if draw(st.integers(0, 9)) else row for row in (draw(values) for _ in present)]
    return Grid(Layout([NAMED[place] for place in present]), np.array(present), times, np.array(rows))


@given(grids(), st.integers(0, 4))
def test_vitals_of_a_grid_are_those_of_its_tracks(grid: Grid, place: int) -> None:
    since = grid.times[min(place, len(grid.times) - 1)]

    assert rows_of_machine(grid, since) == rows_of_machine(grid.tracks(), since)


@pytest.mark.parametrize(
    ("moments", "is_grid"),
    [
        ([[0, 15], [0, 15]], True),
        ([[0, 15], [0, 15.01]], False),
        ([[0, 1], [0, 1]], False),
        ([[0, 1.01], [0, 1.01]], True),
    ],
)
def test_only_what_has_the_same_moments_well_apart_is_a_grid(moments: list[list[float]], is_grid: bool) -> None:
    ticks = (np.array(moments).ravel() * 1e6).astype(np.int64)
    at = np.array([[0, 1], [2, 3]])

    found = grid_of(Layout(NAMED[:2]), np.array([1, 2]), at, ticks, np.arange(4.0))

    assert (found is not None) == is_grid


NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.django_db
@pytest.mark.data_layer
def test_steady_scrapes_of_nodes_are_read_as_grids_and_others_as_tracks() -> None:
    steady, uneven, shrunk, silent = (scraped_twice() for _ in range(4))
    with acting_as("omega_worker"):
        MetricSample.objects.filter(series=uneven[0], time=NOW).update(time=NOW + timedelta(seconds=0.2))
        MetricSample.objects.filter(series=shrunk[0]).delete()
        MetricSample.objects.filter(series__in=silent).delete()
        wanted = [reading(series) for series in (steady, uneven, shrunk, silent)]
        found = read_scrapes(wanted)

    kinds = [type(found[one.node_id]) for one in wanted]
    assert kinds == [Grid, list, Grid, list]
    assert [series_of(found[one.node_id]) for one in wanted] == [
        [one.pk for one in steady], [one.pk for one in uneven], [one.pk for one in shrunk[1:]], []
    ]  # fmt: skip
    grid = found[wanted[0].node_id]
    assert isinstance(grid, Grid)
    assert (grid.times, grid.values.tolist()) == (
        [(NOW - timedelta(seconds=15)).timestamp(), NOW.timestamp()],
        [[0, 1], [10, 11], [20, 21]],
    )


def scraped_twice() -> list[MetricSeries]:
    """Return the series of a node with two scrapes."""
    node = make.node()
    with acting_as("omega_worker"):
        every = [
            MetricSeries.objects.create(tenant=node.tenant, node=node, metric_type=name, labels=labels)
            for name, labels in NAMED[:3]
        ]
        for place, series in enumerate(every):
            for n in (0, 1):
                at = NOW - timedelta(seconds=15 * (1 - n))
                MetricSample.objects.create(series=series, time=at, value=10 * place + n)
    return every


def reading(series: list[MetricSeries]) -> Reading:
    """Return what is wanted of a node."""
    numbers = [one.pk for one in series]
    own = Own(Layout(NAMED[:3]), np.array(numbers), ",".join(map(str, numbers)))
    node_id = series[0].node_id
    assert node_id is not None
    return Reading(node_id, own, NOW - timedelta(minutes=1), NOW + timedelta(minutes=1))


def series_of(found: Scraped) -> list[int]:
    """Return the numbers of the series with samples."""
    return found.series.tolist() if isinstance(found, Grid) else [track.series for track in found]
