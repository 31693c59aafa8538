"""The vitals of a machine: their names, units and how people read them. Pure; the one list everything follows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_UPTIME: Final = 1e10
# PostgreSQL's four-byte float refuses what it would have to round to zero.
SMALLEST: Final = 1e-30


class Kind(StrEnum):
    """How a vital is drawn: percents share an axis from 0 to 100, rates and the rest scale to their values."""

    PERCENT = "percent"
    RATE = "rate"
    AMOUNT = "amount"
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True)
class Vital:
    """One vital; `ceiling` is the largest value taken for real."""

    name: str
    unit: str
    label: str
    kind: Kind
    ceiling: float


def _percent(name: str, label: str) -> Vital:
    """Return a vital from 0 to 100."""
    return Vital(name, "%", label, Kind.PERCENT, 100.0)


def _rate(name: str, label: str) -> Vital:
    """Return a vital in 10^6 bytes a second."""
    return Vital(name, "MB/s", label, Kind.RATE, 1e7)


_LIST = (
    _percent("cpu_percent", "CPU"),
    Vital("cpu_temp", "°C", "CPU temperature", Kind.TEMPERATURE, 1000.0),
    Vital("load_1m", "", "Load, 1 min", Kind.AMOUNT, 1e6),
    _percent("ram_percent", "Memory"),
    Vital("ram_used_gb", "GB", "Memory used", Kind.AMOUNT, 1e7),
    _percent("swap_percent", "Swap"),
    _percent("gpu_utilization", "GPU"),
    _percent("gpu_memory_percent", "GPU memory"),
    Vital("gpu_temp", "°C", "GPU temperature", Kind.TEMPERATURE, 1000.0),
    _percent("disk_percent", "Disk"),
    _rate("disk_read_mb_s", "Disk read"),
    _rate("disk_write_mb_s", "Disk write"),
    _percent("disk_io_wait_percent", "I/O wait"),
    _rate("net_sent_mb_s", "Network out"),
    _rate("net_recv_mb_s", "Network in"),
    Vital("process_count", "", "Processes", Kind.AMOUNT, 1e8),
)

VITALS: dict[str, Vital] = {vital.name: vital for vital in _LIST}
ROLLED = ("avg", "min", "max", "p95")
