"""The kinds of machine a generated fleet is made of, as one table. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Rhythm(StrEnum):
    """How a machine's load follows the day and the week."""

    OFFICE = "office"
    NIGHTLY = "nightly"
    DAYTIME = "daytime"
    JOBS = "jobs"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of machine. Percents are 0-100, `share` is its part of the fleet, rates are MB/s when busy."""

    name: str
    prefix: str
    node_type: str
    share: float
    cores: tuple[int, ...]
    gb_per_core: tuple[int, ...]
    storage_gb: tuple[int, ...]
    rhythm: Rhythm
    idle_cpu: float
    busy_cpu: float
    idle_ram: float
    busy_ram: float
    disk_mb_s: float
    net_mb_s: float
    disk_start: float = 45.0
    disk_growth: float = 4.0
    leak_days: float = 0.0
    gpus: tuple[int, ...] = (0,)
    tags: tuple[str, ...] = ()


ARCHETYPES = (
    Archetype("office lab", "lab", "lab", 0.26, (4, 6, 8), (2, 4), (256, 512), Rhythm.OFFICE, 3, 48, 28, 62, 40, 6,
              tags=("lab", "teaching")),
    Archetype("batch cluster", "cmp", "compute", 0.23, (16, 24, 32), (4, 8), (960, 1920), Rhythm.NIGHTLY, 6, 92, 18, 74,
              220, 60, tags=("batch",)),
    Archetype("gpu trainer", "gpu", "gpu", 0.13, (16, 32), (8, 16), (1920, 3840), Rhythm.JOBS, 4, 46, 15, 66, 300, 90,
              gpus=(1, 2, 4), tags=("gpu", "training")),
    Archetype("database", "db", "compute", 0.10, (8, 16), (8, 16), (1920, 3840), Rhythm.DAYTIME, 12, 58, 68, 82, 160,
              35, disk_start=58, disk_growth=7, tags=("database", "production")),
    Archetype("idle box", "srv", "compute", 0.09, (4, 8), (4,), (256,), Rhythm.FLAT, 1.5, 4, 12, 14, 4, 0.4,
              tags=("spare",)),
    Archetype("memory leaker", "app", "compute", 0.07, (4, 8), (4,), (256, 512), Rhythm.DAYTIME, 8, 42, 30, 44, 15, 12,
              leak_days=5.5, tags=("production", "web")),
    Archetype("disk filling", "sto", "storage", 0.06, (8,), (4,), (15360, 30720), Rhythm.DAYTIME, 5, 22, 35, 42, 420,
              180, disk_start=61, disk_growth=34, tags=("storage",)),
    Archetype("autoscaler", "asc", "autoscaler", 0.03, (4,), (4,), (128,), Rhythm.DAYTIME, 4, 18, 30, 38, 6, 4,
              tags=("autoscaler",)),
    Archetype("control", "ctl", "control", 0.03, (4, 8), (4,), (256,), Rhythm.DAYTIME, 9, 26, 40, 52, 20, 9,
              tags=("control", "production")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """A place; `utc_offset` shifts the rhythm of the day, in hours."""

    code: str
    name: str
    rooms: tuple[str, ...]
    utc_offset: int


REGIONS = (
    Region("fra", "eu-central", ("Frankfurt, hall A", "Frankfurt, hall B"), 1),
    Region("lis", "eu-west", ("Lisbon, building 3", "Lisbon, basement"), 0),
    Region("bos", "us-east", ("Boston, room 114", "Boston, annex"), -5),
    Region("sin", "ap-southeast", ("Singapore, level 6",), 8),
)
CPU_MODELS = (
    "AMD EPYC 7443P",
    "AMD EPYC 9354",
    "Intel Xeon Gold 6338",
    "Intel Core i7-12700",
    "Ampere Altra Q80-30",
)
GPU_MODELS = ("NVIDIA A100 80GB", "NVIDIA L40S", "NVIDIA RTX A6000")
SYSTEMS = ("Debian GNU/Linux 12", "Debian GNU/Linux 13", "Ubuntu 24.04 LTS", "Rocky Linux 9.5")
OWNERS = ("physics", "chemistry", "platform", "teaching", "genomics")
