"""Which machines a generated fleet has: the same for a seed, and a larger fleet begins with the smaller. Pure."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np

from apps.reports.testdata.archetypes import (
    ARCHETYPES,
    CPU_MODELS,
    GPU_MODELS,
    OWNERS,
    REGIONS,
    SYSTEMS,
    Archetype,
    Region,
)

MARK = "generated"


class Fate(StrEnum):
    """How a machine stands at the end of its generated past."""

    WELL = "well"
    DRAINING = "draining"
    MAINTENANCE = "maintenance"
    OFFLINE = "offline"
    PENDING = "pending"
    RETIRED = "retired"


FATES = {11: Fate.OFFLINE, 17: Fate.DRAINING, 23: Fate.MAINTENANCE, 37: Fate.PENDING, 41: Fate.RETIRED}
FATE_CYCLE = 43


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """One machine of the fleet: what it is, and the seed of everything that happens to it."""

    node_id: UUID
    hostname: str
    archetype: Archetype
    region: Region
    room: str
    fate: Fate
    cores: int
    memory_gb: int
    storage_gb: int
    gpu_count: int
    gpu_model: str
    cpu_model: str
    os_name: str
    ip_address: str
    owner: str
    seed: int

    @property
    def has_history(self) -> bool:
        """Whether it ever reported: a machine that waits for approval has not."""
        return self.fate is not Fate.PENDING

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its row; the mark tells it from real machines."""
        return {MARK: "true", "owner": self.owner, "profile": self.archetype.name}


def plan_fleet(count: int, seed: int) -> list[PlannedNode]:
    """Return `count` machines; kinds and places depend on the position alone, hardware on the seed."""
    kinds = spread([kind.share for kind in ARCHETYPES], count)
    return [_plan_node(position, ARCHETYPES[kind], seed) for position, kind in enumerate(kinds)]


def spread(shares: list[float], count: int) -> list[int]:
    """Return indexes such that every prefix holds each about as often as its share says."""
    taken = [0] * len(shares)
    found = []
    for position in range(1, count + 1):
        owed = [share * position - had for share, had in zip(shares, taken, strict=True)]
        index = owed.index(max(owed))
        taken[index] += 1
        found.append(index)
    return found


def _plan_node(position: int, kind: Archetype, seed: int) -> PlannedNode:
    """Return the machine at one position of the fleet."""
    region = REGIONS[(position * 7 // 3) % len(REGIONS)]
    hostname = f"{kind.prefix}-{region.code}-{position + 1:03d}"
    digest = hashlib.sha256(f"{seed} {hostname}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    cores = int(rng.choice(kind.cores))
    gpu_count = int(rng.choice(kind.gpus))
    return PlannedNode(
        node_id=UUID(bytes=digest[8:24], version=4),
        hostname=hostname,
        archetype=kind,
        region=region,
        room=str(rng.choice(region.rooms)),
        fate=FATES.get(position % FATE_CYCLE, Fate.WELL),
        cores=cores,
        memory_gb=cores * int(rng.choice(kind.gb_per_core)),
        storage_gb=int(rng.choice(kind.storage_gb)),
        gpu_count=gpu_count,
        gpu_model=str(rng.choice(GPU_MODELS)) if gpu_count else "",
        cpu_model=str(rng.choice(CPU_MODELS)),
        os_name=str(rng.choice(SYSTEMS)),
        ip_address=f"10.{REGIONS.index(region) + 20}.{position // 250}.{position % 250 + 4}",
        owner=str(rng.choice(OWNERS)),
        seed=int.from_bytes(digest[24:32], "big"),
    )
