"""How each kind of collector is read: node_exporter, Telegraf, OpenTelemetry's host metrics. Pure."""

from collections import defaultdict

from apps.metrics.scrape_grids import Look
from apps.metrics.scrape_parts import (
    NOT_WIRES,
    PARTS_OF_DISKS,
    Vitals,
    filled,
    fullest,
    memory,
    present,
    shares,
    swap,
    throughput,
)
from apps.metrics.scrapes import Labels, Scrape


def read_node_exporter(scrape: Scrape | Look) -> Vitals:
    """Read a scrape of node_exporter."""
    value, rates = scrape.value, scrape.rates
    booted = value("node_boot_time_seconds")
    sizes = {_file_system(labels): size for labels, size in scrape.values("node_filesystem_size_bytes")}
    free = {_file_system(labels): size for labels, size in scrape.values("node_filesystem_free_bytes")}
    percents = [
        (*where[:2], filled(sizes[where] - free[where], available))
        for labels, available in scrape.values("node_filesystem_avail_bytes")
        if (where := _file_system(labels)) in sizes and where in free
    ]
    return {
        **shares(scrape, "node_cpu_seconds_total", "cpu", "mode", "iowait"),
        **present(
            load_1m=value("node_load1"),
            uptime_seconds=None if booted is None else scrape.at - booted,
            process_count=value("node_processes_pids"),
        ),
        **memory(value("node_memory_MemTotal_bytes"), value("node_memory_MemAvailable_bytes")),
        **swap(value("node_memory_SwapTotal_bytes"), value("node_memory_SwapFree_bytes")),
        **fullest(percents),
        **throughput("disk_read_mb_s", rates("node_disk_read_bytes_total"), "device", PARTS_OF_DISKS),
        **throughput("disk_write_mb_s", rates("node_disk_written_bytes_total"), "device", PARTS_OF_DISKS),
        **throughput("net_recv_mb_s", rates("node_network_receive_bytes_total"), "device", NOT_WIRES),
        **throughput("net_sent_mb_s", rates("node_network_transmit_bytes_total"), "device", NOT_WIRES),
    }


def _file_system(labels: Labels) -> tuple[str, str, str]:
    """Return type, mount point and device of a file system of node_exporter."""
    return labels.get("fstype", ""), labels.get("mountpoint", ""), labels.get("device", "")


def read_telegraf(scrape: Scrape | Look) -> Vitals:
    """Read a scrape of Telegraf's plugins cpu, mem, swap, disk, diskio, net, system and processes."""
    value, rates = scrape.value, scrape.rates
    waiting = {labels.get("cpu", ""): wait for labels, wait in scrape.values("cpu_usage_iowait")}
    idle = {labels.get("cpu", ""): share for labels, share in scrape.values("cpu_usage_idle")}
    busy = {name: 100 - share - waiting.get(name, 0.0) for name, share in idle.items()}
    cores = sorted((name for name in busy if name != "cpu-total"), key=lambda name: (len(name), name))
    percents = [
        (labels.get("fstype", ""), labels.get("path", ""), percent)
        for labels, percent in scrape.values("disk_used_percent")
    ]
    return {
        **present(
            cpu_percent=busy.get("cpu-total"),
            disk_io_wait_percent=waiting.get("cpu-total"),
            load_1m=value("system_load1"),
            uptime_seconds=value("system_uptime"),
            process_count=value("processes_total"),
            swap_percent=value("swap_used_percent"),
        ),
        **({"cpu_per_core": [round(busy[name], 1) for name in cores]} if cores else {}),
        **memory(value("mem_total"), value("mem_available")),
        **fullest(percents),
        **throughput("disk_read_mb_s", rates("diskio_read_bytes"), "name", PARTS_OF_DISKS),
        **throughput("disk_write_mb_s", rates("diskio_write_bytes"), "name", PARTS_OF_DISKS),
        **throughput("net_recv_mb_s", rates("net_bytes_recv"), "interface", NOT_WIRES),
        **throughput("net_sent_mb_s", rates("net_bytes_sent"), "interface", NOT_WIRES),
    }


def read_opentelemetry(scrape: Scrape | Look) -> Vitals:
    """Read what OpenTelemetry's host metrics receiver tells."""
    sizes = {labels.get("state", ""): size for labels, size in scrape.values("system.memory.usage")}
    total = sum(sizes.get(state, 0.0) for state in ("used", "free", "cached", "buffered"))
    paging: dict[str, float] = defaultdict(float)
    for labels, size in scrape.values("system.paging.usage"):
        paging[labels.get("state", "")] += size
    space: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for labels, size in scrape.values("system.filesystem.usage"):
        space[labels.get("type", ""), labels.get("mountpoint", "")][labels.get("state", "")] = size
    percents = [(*where, filled(one.get("used", 0.0), one.get("free", 0.0))) for where, one in space.items()]
    disk = [("disk_read_mb_s", "read"), ("disk_write_mb_s", "write")]
    network = [("net_recv_mb_s", "receive"), ("net_sent_mb_s", "transmit")]
    found = {
        **shares(scrape, "system.cpu.time", "cpu", "state", "wait"),
        **present(load_1m=scrape.value("system.cpu.load_average.1m"), uptime_seconds=scrape.value("system.uptime")),
        **(memory(total, total - sizes["used"]) if "used" in sizes else {}),
        **(swap(paging["used"] + paging["free"], paging["free"]) if "used" in paging else {}),
        **fullest(percents),
    }
    for vital, direction in disk:
        rates = scrape.rates("system.disk.io", direction=direction)
        found |= throughput(vital, rates, "device", PARTS_OF_DISKS)
    for vital, direction in network:
        rates = scrape.rates("system.network.io", direction=direction)
        found |= throughput(vital, rates, "device", NOT_WIRES)
    return found
