"""Bodies as agents send them, encoded before anything is timed: heartbeats with metrics, batches of samples."""

import json
from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from benchmarks.fleet import Machine
from benchmarks.load import request_bytes

BEAT_METRICS: Final = 20
BATCH_SAMPLES: Final = 1000
SERIES: Final = 20
BATCH_SECONDS: Final = 500


def back(number: int) -> float:
    """Return how many seconds a body ends before the present: no two bodies share a moment, whoever sends them."""
    return number % 10_000 / 1000 + number // 10_000 * BATCH_SECONDS


def beats_of(machines: list[Machine], path: str, numbers: Iterable[int], now: float) -> list[bytes]:
    """Return heartbeats of machines in turn, with vitals and twenty metrics, each at a moment of its own."""
    return [_request(machines[n % len(machines)], path, _beat(n, now - back(n))) for n in numbers]


def batches_of(machines: list[Machine], path: str, numbers: Iterable[int], now: float) -> list[bytes]:
    """Return batches of a thousand samples: fifty moments of twenty series, ending at a moment of its own."""
    return [_request(machines[n % len(machines)], path, _batch(n, now - back(n))) for n in numbers]


def _request(machine: Machine, path: str, body: object) -> bytes:
    """Return a request of a machine's agent."""
    headers = {"Authorization": f"Bearer {machine.key}", "Content-Type": "application/json"}
    return request_bytes("POST", path, headers, json.dumps(body, separators=(",", ":")).encode())


def _beat(number: int, at: float) -> object:
    """Return a heartbeat."""
    metrics = [
        {"type": f"app.metric_{n}", "value": (number * 7 + n) % 1000 / 10, "unit": "ms", "at": at}
        for n in range(BEAT_METRICS)
    ]
    usage = {"at": at, "cpu_percent": number % 100, "ram_percent": 40.5, "load_1m": 0.7, "disk_percent": 61.0}
    return {"status": "ok", "agent_version": "1.0", "at": at, "usage": usage, "metrics": metrics}


def _batch(number: int, at: float) -> object:
    """Return a batch."""
    samples = [
        {"type": f"app.metric_{n % SERIES}", "value": (number * 13 + n) % 1000 / 10, "at": at - 10 * (n // SERIES)}
        for n in range(BATCH_SAMPLES)
    ]
    return {"batch_id": str(uuid4()), "samples": samples}
