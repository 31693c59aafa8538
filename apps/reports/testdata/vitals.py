"""A machine's vitals over its past, as columns. Pure: the same machine and times give the same numbers."""

from dataclasses import dataclass

import numpy as np

from apps.reports.testdata.fleet import PlannedNode
from apps.reports.testdata.shapes import Floats, activity, noise, on_off, sawtooth, spikes

MONDAY = 4 * 86400
"""Epoch seconds of a Monday's midnight (5 January 1970)."""


@dataclass(frozen=True, slots=True)
class Past:
    """A machine's samples: times in epoch seconds, one array a vital, cores as (samples, cores)."""

    seconds: Floats
    columns: dict[str, Floats]
    per_core: Floats

    def at(self, kept: "np.typing.NDArray[np.bool_]") -> "Past":
        """Return only the samples kept."""
        columns = {name: values[kept] for name, values in self.columns.items()}
        return Past(self.seconds[kept], columns, self.per_core[kept])


def past_of(node: PlannedNode, seconds: Floats, boots: Floats) -> Past:
    """Return the machine's vitals at these times; GPU columns only where it has GPUs."""
    rng = np.random.default_rng([node.seed, 3])
    hours = (seconds - MONDAY) / 3600 + node.region.utc_offset
    busy = _busyness(node, rng, hours)
    per_core = _cores(node, rng, busy)
    cpu = per_core.mean(axis=1)
    columns = {"cpu_percent": cpu, **_heat_and_load(node, rng, cpu)}
    columns |= _memory(node, rng, hours, busy)
    columns |= _disk(node, rng, seconds, busy)
    columns |= _network(node, rng, busy)
    if node.gpu_count:
        columns |= _gpu(rng, hours, busy)
    boot = boots[np.maximum(np.searchsorted(boots, seconds, side="right") - 1, 0)]
    columns["uptime_seconds"] = seconds - boot
    return Past(seconds, columns, per_core)


def _busyness(node: PlannedNode, rng: np.random.Generator, hours: Floats) -> Floats:
    """Return how busy the machine is, 0-1: its rhythm, its own liveliness, noise and spikes."""
    liveliness = rng.uniform(0.7, 1.05)
    rhythm = activity(node.archetype.rhythm, rng, hours) * liveliness
    wobble = 1 + 0.22 * noise(rng, hours.size, 0.95)
    restless = 0.015 * np.abs(noise(rng, hours.size, 0.6))
    return np.clip(rhythm * wobble + restless + 0.5 * spikes(rng, hours.size, 2.5), 0, 1.1)


def _cores(node: PlannedNode, rng: np.random.Generator, busy: Floats) -> Floats:
    """Return percents per core: the work is never spread evenly."""
    kind = node.archetype
    level = kind.idle_cpu + (kind.busy_cpu - kind.idle_cpu) * busy
    bias = rng.normal(1.0, 0.16, node.cores)
    jitter = rng.standard_normal((busy.size, node.cores)) * (1.2 + 0.09 * level[:, None])
    return np.clip(level[:, None] * bias + jitter, 0, 100)


def _heat_and_load(node: PlannedNode, rng: np.random.Generator, cpu: Floats) -> dict[str, Floats]:
    """Return temperature, which follows the load slowly, and the load average."""
    slow = np.convolve(np.pad(cpu, (3, 0), mode="edge"), np.full(4, 0.25), mode="valid") if cpu.size else cpu
    return {
        "cpu_temp": 34 + rng.uniform(0, 6) + 0.42 * slow + 0.8 * noise(rng, cpu.size),
        "load_1m": np.maximum(0, cpu / 100 * node.cores * 1.08 + 0.08 * np.abs(noise(rng, cpu.size, 0.8))),
    }


def _memory(node: PlannedNode, rng: np.random.Generator, hours: Floats, busy: Floats) -> dict[str, Floats]:
    """Return memory and swap; a leaker climbs until it is restarted."""
    kind = node.archetype
    percent = kind.idle_ram + rng.uniform(-4, 6) + (kind.busy_ram - kind.idle_ram) * np.minimum(busy, 1)
    percent = percent + 1.1 * noise(rng, busy.size, 0.985)
    if kind.leak_days:
        percent = percent + 46 * sawtooth(hours, kind.leak_days * 24 * rng.uniform(0.8, 1.2), rng.random())
    percent = np.clip(percent, 4, 98.5)
    return {
        "ram_percent": percent,
        "ram_used_gb": percent / 100 * node.memory_gb,
        "swap_percent": np.clip((percent - 86) * 2.6, 0, 70),
    }


def _disk(node: PlannedNode, rng: np.random.Generator, seconds: Floats, busy: Floats) -> dict[str, Floats]:
    """Return how full the disk is, which grows, and its traffic."""
    kind = node.archetype
    start, growth = kind.disk_start + rng.uniform(-9, 7), kind.disk_growth * rng.uniform(0.7, 1.15)
    span = (seconds - seconds[:1]) / max(1.0, float(np.ptp(seconds)) if seconds.size else 1.0)
    scale = kind.disk_mb_s * np.minimum(busy, 1)
    read = scale * 0.6 * np.exp(0.5 * noise(rng, busy.size, 0.7)) + 0.01
    write = scale * 0.4 * np.exp(0.5 * noise(rng, busy.size, 0.7)) + 0.05
    return {
        "disk_percent": np.clip(start + growth * span + 0.25 * noise(rng, busy.size, 0.98), 3, 98.8),
        "disk_read_mb_s": read,
        "disk_write_mb_s": write,
        "disk_io_wait_percent": np.clip((read + write) / kind.disk_mb_s * 7 * rng.uniform(0.4, 1.4), 0, 90),
    }


def _network(node: PlannedNode, rng: np.random.Generator, busy: Floats) -> dict[str, Floats]:
    """Return network traffic and the number of processes."""
    rate = node.archetype.net_mb_s * np.minimum(busy, 1)
    return {
        "net_sent_mb_s": rate * 0.45 * np.exp(0.4 * noise(rng, busy.size, 0.8)) + 0.004,
        "net_recv_mb_s": rate * 0.55 * np.exp(0.4 * noise(rng, busy.size, 0.8)) + 0.006,
        "process_count": np.round(120 + 6 * node.cores + 90 * busy + 4 * noise(rng, busy.size, 0.9)),
    }


def _gpu(rng: np.random.Generator, hours: Floats, busy: Floats) -> dict[str, Floats]:
    """Return GPU vitals: trainings fill the memory at once and keep the processors hot."""
    training = np.maximum(np.minimum(busy, 1), 0.5 * on_off(rng, hours, 1.5, 9.0))
    used = np.clip(96 * training + 4 * noise(rng, busy.size, 0.8), 0, 100)
    return {
        "gpu_utilization": used,
        "gpu_memory_percent": np.clip(rng.uniform(70, 92) * (training > 0.15) + 1.5 + noise(rng, busy.size), 0, 100),
        "gpu_temp": 33 + 0.46 * used + 0.8 * noise(rng, busy.size, 0.95),
    }
