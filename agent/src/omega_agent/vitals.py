"""Measures the machine: one flat dictionary with the portal's column names; nothing is guessed."""

import logging
import math
import os
import time
from dataclasses import dataclass
from typing import Any

import psutil

from omega_agent.devices import counted_disks, counted_interfaces, fullest_disk_percent
from omega_agent.gpu import GpuReader, gpu_vitals
from omega_agent.logs import event

CPU_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal", "acpitz")
# Odd hardware and containers make single readings fail in many ways; the others must still be reported.
UNREADABLE = (OSError, psutil.Error, ValueError, RuntimeError, AttributeError)
MEGA = 1e6
GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Counters:
    """Ever-growing byte counters at one monotonic instant."""

    at: float
    disk_read: int
    disk_written: int
    net_sent: int
    net_received: int


class VitalsReader:
    """Keeps the previous counters, so that each reading covers the time since the one before."""

    def __init__(self) -> None:
        self._gpu = GpuReader()
        self._previous = read_counters()
        psutil.cpu_percent(percpu=True)
        psutil.cpu_times_percent()

    def read(self) -> dict[str, Any]:
        """The vitals now: percent 0..100, MB/s of 10^6 bytes, GB of 10^9 bytes, degrees Celsius, seconds."""
        vitals: dict[str, Any] = {}
        for part in (_cpu, _temperature, _memory, self._rates, self._graphics, _whole):
            try:
                vitals.update(part())
            except UNREADABLE as error:
                event("unreadable", logging.DEBUG, part=part.__name__, error=error)
        return {name: kept for name, value in vitals.items() if (kept := tidy(value)) is not None}

    def _rates(self) -> dict[str, Any]:
        before, self._previous = self._previous, read_counters()
        return rates(before, self._previous)

    def _graphics(self) -> dict[str, Any]:
        return gpu_vitals(self._gpu.read())


def rates(before: Counters, after: Counters) -> dict[str, float | None]:
    """MB/s between two readings; None where a counter went backwards (device gone) or no time passed."""
    seconds = after.at - before.at
    return {
        "disk_read_mb_s": _rate(before.disk_read, after.disk_read, seconds),
        "disk_write_mb_s": _rate(before.disk_written, after.disk_written, seconds),
        "net_sent_mb_s": _rate(before.net_sent, after.net_sent, seconds),
        "net_recv_mb_s": _rate(before.net_received, after.net_received, seconds),
    }


def read_counters() -> Counters:
    """The sums over the disks and interfaces that count."""
    disks = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
    nics = psutil.net_io_counters(pernic=True, nowrap=False) or {}
    disk = [disks[name] for name in counted_disks(disks)]
    nic = [nics[name] for name in counted_interfaces(nics)]
    return Counters(
        time.monotonic(),
        sum(one.read_bytes for one in disk),
        sum(one.write_bytes for one in disk),
        sum(one.bytes_sent for one in nic),
        sum(one.bytes_recv for one in nic),
    )


def uptime_seconds() -> float:
    """Seconds since boot, time asleep included, untouched by changes of the wall clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - psutil.boot_time()


def cpu_temperature(sensors: dict[str, list[Any]]) -> float | None:
    """The hottest reading of the first known processor sensor."""
    for chip in CPU_SENSORS:
        readings = [one.current for one in sensors.get(chip, []) if one.current and one.current > 0]
        if readings:
            return float(max(readings))
    return None


def tidy(value: Any) -> Any:
    """Numbers rounded to three decimals; None for what is not finite, so that it is left out."""
    if isinstance(value, list):
        return [tidy(one) for one in value]
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value


def _cpu() -> dict[str, Any]:
    per_core = [min(max(core, 0.0), 100.0) for core in psutil.cpu_percent(percpu=True)]
    return {
        "cpu_percent": sum(per_core) / len(per_core) if per_core else None,
        "cpu_per_core": per_core,
        "load_1m": os.getloadavg()[0],
        "disk_io_wait_percent": getattr(psutil.cpu_times_percent(), "iowait", None),
    }


def _temperature() -> dict[str, Any]:
    return {"cpu_temp": cpu_temperature(psutil.sensors_temperatures())}


def _whole() -> dict[str, Any]:
    return {
        "disk_percent": fullest_disk_percent(),
        "process_count": len(psutil.pids()),
        "uptime_seconds": uptime_seconds(),
    }


def _memory() -> dict[str, float]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {
        "ram_percent": float(memory.percent),
        "ram_used_gb": (memory.total - memory.available) / GIGA,
        "swap_percent": float(swap.percent),
    }


def _rate(before: int, after: int, seconds: float) -> float | None:
    return (after - before) / seconds / MEGA if seconds > 0 and after >= before else None
