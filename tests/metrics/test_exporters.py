"""What scrapes of the usual collectors say of a machine."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.metrics.exporters import rows_of
from apps.metrics.scrapes import Track

START = 1_900_000_000.0
STEP = 15.0
GIB = 2.0**30


def track(name: str, /, *values: float | None, at: float = START, step: float = STEP, **labels: str) -> Track:
    """Return a series with a value every step; None leaves one out. Underscores of labels stand for themselves."""
    found = [(at + step * index, value) for index, value in enumerate(values) if value is not None]
    return Track(name, labels, [time for time, _ in found], [value for _, value in found])


def cpu(idle: float, busy: float, count: int = 2, core: str = "0", **labels: str) -> list[Track]:
    """Return the counters of one core which spends these seconds of every step idle and busy."""
    named = {"instance": "localhost:9100", "job": "node", "cpu": core, **labels}
    return [
        track("node_cpu_seconds_total", *(100 + seconds * n for n in range(count)), mode=mode, **named)
        for mode, seconds in (("idle", idle), ("user", busy), ("iowait", 0.0))
    ]


def own(name: str, /, *values: float | None, **labels: str) -> Track:
    return track(name, *values, instance="localhost:9100", job="node", **labels)


def last(tracks: list[Track], hostname: str = "web-1", since: float = START) -> Mapping[str, Any]:
    """Return the vitals of the last scrape."""
    return rows_of(tracks, hostname, since)[-1].vitals


def test_processor_load_is_the_share_of_seconds_not_idle_and_not_waiting() -> None:
    vitals = last([*cpu(12, 3), *cpu(0, 15, core="1")])
    assert vitals["cpu_percent"] == pytest.approx(60)
    assert vitals["cpu_per_core"] == [20.0, 100.0]
    assert vitals["disk_io_wait_percent"] == 0


def test_first_scrape_tells_no_rates_and_the_rest() -> None:
    rows = rows_of([*cpu(12, 3), own("node_load1", 0.5, 0.7)], "web-1", 0)
    assert [row.vitals.get("cpu_percent") for row in rows] == [None, pytest.approx(20)]
    assert [row.vitals["load_1m"] for row in rows] == [0.5, 0.7]
    assert [row.at for row in rows] == [START, START + STEP]


def test_restart_of_counters_leaves_a_gap_and_no_negative_rate() -> None:
    counters = [
        own("node_cpu_seconds_total", 500, 505, 3, 8, cpu="0", mode="idle"),
        own("node_cpu_seconds_total", 500, 510, 1, 11, cpu="0", mode="user"),
        own("node_network_receive_bytes_total", 9e9, 9.03e9, 1e6, 31e6, device="eth0"),
    ]
    rows = rows_of(counters, "web-1", START)
    assert [row.vitals.get("cpu_percent") for row in rows] == [pytest.approx(200 / 3), pytest.approx(200 / 3)]
    assert [(row.at - START) / STEP for row in rows] == [1, 3]
    assert [row.vitals["net_recv_mb_s"] for row in rows] == [pytest.approx(2), pytest.approx(2)]


def test_scrape_that_is_not_whole_yet_tells_no_load() -> None:
    half = [one for one in cpu(12, 3, count=2) if one.labels["mode"] == "user"]
    idle = own("node_cpu_seconds_total", 100, None, cpu="0", mode="idle")
    rows = rows_of([*half, idle, own("node_load1", 1, 1)], "web-1", START)
    assert [dict(row.vitals) for row in rows] == [{"load_1m": 1}]


def test_core_that_went_away_is_missed_once() -> None:
    gone = own("node_cpu_seconds_total", 100, 110, None, None, cpu="7", mode="idle")
    found = {row.at: row.vitals for row in rows_of([*cpu(12, 3, count=4), gone], "web-1", START)}
    assert [("cpu_percent" in found.get(START + STEP * n, {})) for n in (1, 2, 3)] == [True, False, True]


def test_rate_over_a_long_gap_is_none() -> None:
    counters = [own("node_cpu_seconds_total", 1, *[None] * 21, 9, cpu="0", mode=mode) for mode in ("idle", "user")]
    assert rows_of(counters, "web-1", START) == []


def test_memory_swap_and_uptime() -> None:
    found = last(
        [
            *cpu(12, 3),
            own("node_memory_MemTotal_bytes", 16e9, 16e9),
            own("node_memory_MemAvailable_bytes", 4e9, 4e9),
            own("node_memory_SwapTotal_bytes", 0, 0),
            own("node_memory_SwapFree_bytes", 0, 0),
            own("node_boot_time_seconds", START - 85, START - 85),
        ]
    )
    assert (found["ram_percent"], found["ram_used_gb"]) == (pytest.approx(75), pytest.approx(12))
    assert (found["swap_percent"], found["uptime_seconds"]) == (0, pytest.approx(100))


def file_system(percent: float, fstype: str, mountpoint: str) -> list[Track]:
    labels = {"fstype": fstype, "mountpoint": mountpoint, "device": mountpoint}
    left = 100 * GIB * (1 - percent / 100)
    return [
        own("node_filesystem_size_bytes", 100 * GIB, 100 * GIB, **labels),
        own("node_filesystem_free_bytes", left, left, **labels),
        own("node_filesystem_avail_bytes", left, left, **labels),
    ]


def test_fullest_real_file_system_counts() -> None:
    systems = [*file_system(40, "ext4", "/"), *file_system(70, "xfs", "/data"), *file_system(100, "squashfs", "/snap")]
    full = [*file_system(99, "tmpfs", "/run"), *file_system(90, "overlay", "/var/lib/x")]
    assert last([*cpu(12, 3), *systems, *full])["disk_percent"] == pytest.approx(70)


def test_root_of_a_container_counts_where_nothing_real_is_seen() -> None:
    assert last([*cpu(12, 3), *file_system(30, "overlay", "/")])["disk_percent"] == pytest.approx(30)


def test_devices_that_repeat_others_are_left_out() -> None:
    disks = [
        own("node_disk_read_bytes_total", 0, 15e6, device=name) for name in ("sda", "sda1", "dm-0", "loop3", "md0")
    ]
    names = ("eth0", "ens3", "lo", "docker0", "veth12ab", "br-5f", "bond0", "eth0.100", "wg0")
    wires = [own("node_network_transmit_bytes_total", 0, 30e6, device=name) for name in names]
    found = last([*cpu(12, 3), *disks, *wires])
    assert (found["disk_read_mb_s"], found["net_sent_mb_s"]) == (pytest.approx(1), pytest.approx(4))
    assert "net_recv_mb_s" not in found


@pytest.mark.parametrize(
    ("instances", "hostname", "taken"),
    [
        (["10.0.0.9:9100"], "web-1", "10.0.0.9:9100"),
        (["db-1:9100", "web-1:9100"], "web-1.example.org", "web-1:9100"),
        (["db-1:9100", "WEB-1.example.org:9100"], "web-1.example.org", "WEB-1.example.org:9100"),
        (["db-1:9100", "localhost:9100"], "web-1", "localhost:9100"),
        (["127.0.0.1:9100", "db-1:9100"], "web-1", "127.0.0.1:9100"),
        (["db-1:9100", "db-2:9100"], "web-1", None),
    ],
)
def test_of_several_machines_the_nodes_own_is_taken(instances: list[str], hostname: str, taken: str | None) -> None:
    tracks = [one for n, name in enumerate(instances) for one in cpu(10 - n, 5 + n, instance=name)]
    rows = rows_of(tracks, hostname, START)
    expected = [] if taken is None else [pytest.approx(100 * (5 + instances.index(taken)) / 15)]
    assert [row.vitals["cpu_percent"] for row in rows] == expected


def test_machine_scraped_by_two_jobs_counts_once() -> None:
    assert last([*cpu(12, 3), *cpu(12, 3, job="other")])["cpu_per_core"] == [20.0]


def test_telegraf() -> None:
    def told(name: str, /, *values: float, **labels: str) -> Track:
        return track(name, *values, host="web-1", **labels)

    found = last(
        [
            told("cpu_usage_idle", 80, 70, cpu="cpu-total"),
            told("cpu_usage_iowait", 0, 10, cpu="cpu-total"),
            told("cpu_usage_idle", 80, 60, cpu="cpu0"),
            told("mem_total", 8e9, 8e9),
            told("mem_available", 6e9, 6e9),
            told("system_load1", 1, 2),
            told("system_uptime", 50, 65),
            told("swap_used_percent", 1, 5),
            told("disk_used_percent", 10, 55, path="/", fstype="ext4", device="sda1", mode="rw"),
            told("diskio_write_bytes", 0, 30e6, name="nvme0n1"),
            told("diskio_write_bytes", 0, 30e6, name="nvme0n1p2"),
            told("net_bytes_recv", 0, 45e6, interface="eth0"),
            told("processes_total", 10, 11),
        ]
    )
    assert (found["cpu_percent"], found["disk_io_wait_percent"], found["cpu_per_core"]) == (20, 10, [40.0])
    assert (found["ram_percent"], found["load_1m"], found["uptime_seconds"]) == (pytest.approx(25), 2, 65)
    assert (found["swap_percent"], found["disk_percent"], found["process_count"]) == (5, 55, 11)
    assert (found["disk_write_mb_s"], found["net_recv_mb_s"]) == (pytest.approx(2), pytest.approx(3))


def test_opentelemetry_host_metrics_whose_parts_have_times_of_their_own() -> None:
    def told(name: str, /, *values: float, late: float = 0.0, **labels: str) -> Track:
        return track(name, *values, at=START + late, **{"host.name": "web-1", **labels})

    found = last(
        [
            *(told("system.cpu.time", 0, seconds, cpu="cpu0", state=s) for s, seconds in (("idle", 9), ("user", 6))),
            *(
                told("system.memory.usage", size, size, late=0.01, state=s)
                for s, size in (("used", 3e9), ("free", 1e9))
            ),
            *(told("system.paging.usage", size, size, state=s) for s, size in (("used", 1.0), ("free", 3.0))),
            *(
                told("system.filesystem.usage", s, s, late=0.02, type="ext4", mountpoint="/", state=state)
                for state, s in (("used", 1.0), ("free", 1.0))
            ),
            *(told("system.disk.io", 0, 15e6, device="sda", direction=way) for way in ("read", "write")),
            *(told("system.network.io", 0, 15e6, device="eth0", direction=way) for way in ("receive", "transmit")),
            told("system.cpu.load_average.1m", 1, 3, late=0.03),
        ]
    )
    assert (found["cpu_percent"], found["ram_percent"]) == (pytest.approx(40), pytest.approx(75))
    assert (found["swap_percent"], found["disk_percent"], found["load_1m"]) == (25, 50, 3)
    assert [found[name] for name in ("disk_read_mb_s", "disk_write_mb_s", "net_recv_mb_s", "net_sent_mb_s")] == [1] * 4


counters = st.lists(st.one_of(st.none(), st.floats(0, 1e15)), min_size=1, max_size=8)


@given(st.lists(counters, min_size=1, max_size=6))
def test_whatever_counters_do_vitals_stay_within_what_they_can_be(found: list[list[float | None]]) -> None:
    modes = ("idle", "user", "iowait", "system", "nice", "steal")
    tracks = [
        own("node_cpu_seconds_total", *values, cpu="0", mode=mode) for mode, values in zip(modes, found, strict=False)
    ]
    tracks += [own("node_network_receive_bytes_total", *found[0], device="eth0")]
    for row in rows_of(tracks, "web-1", 0):
        assert 0 <= row.vitals.get("cpu_percent", 0) <= 100  # type: ignore[operator]
        assert row.vitals.get("net_recv_mb_s", 0) >= 0  # type: ignore[operator]
