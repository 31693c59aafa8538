"""Curves that look like machines at work, as numpy arrays over the samples' times. Pure; chance comes from `rng`."""

import numpy as np
from numpy.typing import NDArray

from apps.reports.testdata.archetypes import Rhythm

Floats = NDArray[np.float64]
KERNEL = 96


def noise(rng: np.random.Generator, count: int, memory: float = 0.93) -> Floats:
    """Return noise of unit variance; each value remembers the one before (first-order autoregressive)."""
    kernel = memory ** np.arange(KERNEL)
    white = rng.standard_normal(count + KERNEL - 1)
    return np.asarray(np.convolve(white, kernel, mode="valid") * np.sqrt(1 - memory**2), dtype=np.float64)


def bump(hour: Floats, start: float, end: float, softness: float = 0.7) -> Floats:
    """Return 1 between two hours of the day, 0 outside, with soft edges; may span midnight."""
    middle = (start + (end - start) % 24 / 2) % 24
    half = (end - start) % 24 / 2
    distance = np.abs((hour - middle + 12) % 24 - 12)
    return 1 / (1 + np.exp((distance - half) / (softness / 2)))


def on_off(rng: np.random.Generator, hours: Floats, on_hours: float, off_hours: float) -> Floats:
    """Return 0 or 1 over time (in hours, ascending): jobs that come, run for a while and end."""
    span = float(hours[-1] - hours[0]) if hours.size else 0.0
    rounds = int(span / (on_hours + off_hours) * 2) + 8
    lengths = np.empty(rounds * 2)
    lengths[0::2] = rng.exponential(off_hours, rounds)
    lengths[1::2] = rng.exponential(on_hours, rounds)
    changes = np.cumsum(lengths) - off_hours
    return (np.searchsorted(changes, hours - hours[:1]) % 2).astype(np.float64)


def spikes(rng: np.random.Generator, count: int, per_thousand: float, length: int = 3) -> Floats:
    """Return short decaying peaks of height up to 1 at random moments."""
    hits = (rng.random(count) < per_thousand / 1000) * rng.uniform(0.4, 1.0, count)
    return np.convolve(hits, 0.6 ** np.arange(length))[:count]


def activity(rhythm: Rhythm, rng: np.random.Generator, hours: Floats) -> Floats:
    """Return how busy a machine is, 0-1, at local times in hours since a Monday's midnight."""
    hour, day = hours % 24, np.floor(hours / 24) % 7
    is_weekday = np.where(day < 5, 1.0, 0.12)
    is_slow_friday = np.where(day == 4, 0.75, 1.0)
    if rhythm is Rhythm.OFFICE:
        return bump(hour, 8.5, 17.5) * (1 - 0.35 * bump(hour, 12, 13, 0.4)) * is_weekday * is_slow_friday
    if rhythm is Rhythm.NIGHTLY:
        daytime_jobs = 0.45 * on_off(rng, hours, 2.5, 6.0)
        busiest = np.maximum(bump(hour, 21.5, 5.5, 0.4), daytime_jobs)
        return np.asarray(np.clip(busiest * np.where(day == 6, 0.5, 1.0), 0, 1), dtype=np.float64)
    if rhythm is Rhythm.DAYTIME:
        return (0.25 + 0.75 * bump(hour, 7.5, 21, 3.0)) * np.where(day < 5, 1.0, 0.6)
    if rhythm is Rhythm.JOBS:
        return on_off(rng, hours, 7.0, 4.0)
    return np.zeros_like(hours) + 0.2


def sawtooth(hours: Floats, period_hours: float, phase: float) -> Floats:
    """Return 0 rising to 1 over each period, then falling back at once."""
    return np.asarray((hours / period_hours + phase) % 1.0, dtype=np.float64)
