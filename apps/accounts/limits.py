"""What a person's limits are once the raises that were approved for a while are counted in. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

AMOUNTS: Final[dict[str, tuple[str, str]]] = {
    "cpu_cores": ("CPU", "cores"),
    "memory_gb": ("Memory", "GB"),
    "gpus": ("GPUs", ""),
    "storage_gb": ("Storage", "GB"),
    "concurrent_sessions": ("Sessions at a time", ""),
}
Asked = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limited thing: hard and soft limit (None = no limit), and whether an approved raise is counted in."""

    name: str
    label: str
    unit: str
    hard: float | None
    soft: float | None
    is_raised: bool


def raised(limit: float | None, raises: Iterable[float | None]) -> float | None:
    """Return a limit no lower than any raise; no limit stays none."""
    return None if limit is None else max([limit, *(each for each in raises if each is not None)])


def limits(hard: Asked, soft: Asked, raises: Iterable[Asked]) -> list[Limit]:
    """Return every limited thing with its limits as they count now."""
    known = list(raises)
    found = []
    for name, (label, unit) in AMOUNTS.items():
        more = [each.get(name) for each in known]
        now_hard, now_soft = raised(hard.get(name), more), raised(soft.get(name), more)
        is_raised = (now_hard, now_soft) != (hard.get(name), soft.get(name))
        found.append(Limit(name, label, unit, now_hard, now_soft, is_raised))
    return found
