"""Vitals from what collectors of several kinds measure alike: seconds, bytes, file systems, devices. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from apps.metrics.scrape_grids import Look
from apps.metrics.scrapes import Labels, Scrape, Track

MEGA: Final = 1e6
GIGA: Final = 1e9
# What holds no data of the machine, or is full by nature.
HOLLOW: Final = re.compile(
    r"(dev)?tmpfs|(ram|root|squash|ero|cram|hugetlb|config|debug|trace|security|efivar|sys|ns|auto)fs"
    r"|iso9660|udf|proc|cgroup2?|devpts|mqueue|bpf|pstore|fusectl|binfmt_misc|rpc_pipefs|fuse\.(lxcfs|portal)"
)
LAYERED: Final = frozenset({"overlay", "aufs"})
PARTS_OF_DISKS: Final = re.compile(
    r"(loop|ram|zram|sr|fd|dm-|md)\d+|(h|s|v|xv)d[a-z]+\d+|nvme\d+n\d+p\d+|mmcblk\d+(p\d+|boot\d+|rpmb)|/dev/(loop|ram).*"
)
NOT_WIRES: Final = re.compile(
    r"lo\d*|all|(veth|docker|br-|virbr|vnet|cni|cali|flannel|cilium|lxc|tun|tap|wg|dummy|ifb|kube-|bond|team|vlan).*|br\d+|.*\.\d+"
)
# Names of series by device or file system: the label that names it, and those that are left out.
REPEATED: Final = {
    "node_disk_read_bytes_total": ("device", PARTS_OF_DISKS),
    "node_disk_written_bytes_total": ("device", PARTS_OF_DISKS),
    "node_network_receive_bytes_total": ("device", NOT_WIRES),
    "node_network_transmit_bytes_total": ("device", NOT_WIRES),
    "diskio_read_bytes": ("name", PARTS_OF_DISKS),
    "diskio_write_bytes": ("name", PARTS_OF_DISKS),
    "net_bytes_recv": ("interface", NOT_WIRES),
    "net_bytes_sent": ("interface", NOT_WIRES),
    "system.disk.io": ("device", PARTS_OF_DISKS),
    "system.network.io": ("device", NOT_WIRES),
    "node_filesystem_size_bytes": ("fstype", HOLLOW),
    "node_filesystem_free_bytes": ("fstype", HOLLOW),
    "node_filesystem_avail_bytes": ("fstype", HOLLOW),
}
Vitals = dict[str, float | list[float]]


def is_counted(track: Track) -> bool:
    """Tell whether a series adds to a vital: devices and file systems that come and go with containers do not."""
    label, left_out = REPEATED.get(track.name, ("", None))
    return left_out is None or not left_out.fullmatch(track.labels.get(label, ""))


def shares(scrape: Scrape | Look, counter: str, core: str, mode: str, waiting: str) -> Vitals:
    """Return the processor's load from seconds spent in each mode."""
    total: dict[str, float] = defaultdict(float)
    idle: dict[str, float] = defaultdict(float)
    waited = 0.0
    for labels, rate in scrape.rates(counter):
        name = labels.get(core, "")
        total[name] += rate
        idle[name] += rate if labels.get(mode) in ("idle", waiting) else 0.0
        waited += rate if labels.get(mode) == waiting else 0.0
    spent = sum(total.values())
    if not spent:
        return {}
    cores = sorted(total, key=lambda name: (len(name), name))
    return {
        "cpu_percent": 100 * (1 - sum(idle.values()) / spent),
        "cpu_per_core": [round(100 * (1 - idle[name] / total[name]), 1) if total[name] else 0.0 for name in cores],
        "disk_io_wait_percent": 100 * waited / spent,
    }


def memory(total: float | None, available: float | None) -> Vitals:
    """Return the memory in use from bytes."""
    if not total or available is None:
        return {}
    return {"ram_percent": 100 * (1 - available / total), "ram_used_gb": (total - available) / GIGA}


def swap(total: float | None, free: float | None) -> Vitals:
    """Return the swap in use from bytes; a machine without swap uses none."""
    if total is None or free is None:
        return {}
    return {"swap_percent": 100 * (1 - free / total) if total else 0.0}


def fullest(percents: Iterable[tuple[str, str, float]]) -> Vitals:
    """Return the fullest of (type, mount point, percent); a container's root counts where nothing real is seen."""
    found = [(kind, where, percent) for kind, where, percent in percents if not HOLLOW.fullmatch(kind)]
    real = [percent for kind, _, percent in found if kind not in LAYERED]
    real = real or [percent for _, where, percent in found if where == "/"]
    return {"disk_percent": max(real)} if real else {}


def throughput(vital: str, rates: Iterable[tuple[Labels, float]], device: str, left_out: re.Pattern[str]) -> Vitals:
    """Return the sum over devices in MB/s, without those that repeat what others carry."""
    counted = [rate for labels, rate in rates if not left_out.fullmatch(labels.get(device, ""))]
    return {vital: sum(counted) / MEGA} if counted else {}


def present(**values: float | None) -> Vitals:
    """Return the values that are there."""
    return {name: value for name, value in values.items() if value is not None}


def filled(used: float, available: float) -> float:
    """Return how full a file system is for its users, in percent."""
    return 100 * used / (used + available) if used + available > 0 else 0.0
