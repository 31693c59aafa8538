"""Which disks, file systems and network interfaces count, so that nothing is counted twice."""

from collections.abc import Iterable
from pathlib import Path

import psutil

BLOCK = Path("/sys/block")
NETWORK = Path("/sys/class/net")
IMAGES = ("squashfs", "erofs", "cramfs", "iso9660", "udf")
VIRTUAL_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr", "fd")


def counted_disks(names: Iterable[str], sysfs: Path = BLOCK) -> set[str]:
    """Physical disks (with a device behind them), else every whole disk that is not virtual.

    Partitions, LVM, RAID and loop devices pass their traffic on to a disk that is counted already.
    """
    whole = [name for name in names if (sysfs / name).exists() and not name.startswith(VIRTUAL_DISKS)]
    return {name for name in whole if (sysfs / name / "device").exists()} or set(whole) or set(names)


def counted_interfaces(names: Iterable[str], sysfs: Path = NETWORK) -> set[str]:
    """Physical interfaces, else (in containers) all but loopback: tunnels repeat the same bytes."""
    outward = {name for name in names if name != "lo" and not name.startswith("lo:")}
    return {name for name in outward if (sysfs / name / "device").exists()} or outward


def real_mountpoints() -> list[str]:
    """Root and one mount point of every local file system; images that are full by nature are left out.

    The `ro` flag says nothing: under systemd's ProtectSystem=strict this process sees all of them so.
    """
    by_device = {
        part.device: part.mountpoint
        for part in reversed(psutil.disk_partitions(all=False))
        if part.fstype not in IMAGES and Path(part.mountpoint).is_dir()
    }
    return list(dict.fromkeys(["/", *by_device.values()]))


def fullest_disk_percent() -> float | None:
    """Usage of the fullest real file system: the one that will hurt first, as `df` counts it."""
    usages = []
    for mountpoint in real_mountpoints():
        try:
            usages.append(float(psutil.disk_usage(mountpoint).percent))
        except OSError:
            continue
    return max(usages, default=None)


def total_storage_bytes(sysfs: Path = BLOCK) -> int:
    """Bytes of all physical fixed disks; where none can be seen, of the real file systems."""
    disks = [path for path in sysfs.glob("*") if (path / "device").exists() and _read_int(path / "removable") == 0]
    total = sum(_read_int(disk / "size") * 512 for disk in disks if not disk.name.startswith(VIRTUAL_DISKS))
    return total or sum(_size_of(mountpoint) for mountpoint in real_mountpoints())


def _size_of(mountpoint: str) -> int:
    try:
        return int(psutil.disk_usage(mountpoint).total)
    except OSError:
        return 0


def _read_int(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
