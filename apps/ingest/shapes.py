"""What agents send, as typed structures: unknown fields are refused, absent ones are None.

Fields of free size (`labels`, `cpu_per_core`) stay undecoded here, so that no body becomes much larger in
memory than it is on the wire; `verdicts` decodes them once their size is known to be sensible.
"""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Raw, Struct

ABSENT = Raw(b"null")
Instant = str | float | None
Text50 = Annotated[str, Meta(max_length=50)]
Text255 = Annotated[str, Meta(max_length=255)]
LongText = Annotated[str, Meta(max_length=8192)]
Pid = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, le=1e6)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Megabytes = Annotated[float, Meta(ge=0, le=1e9)]


class Strict(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A structure that takes its own fields only."""


class Sample(Strict, gc=False):
    """One value of one metric; at most one of `pool` and `session` is its subject, else the node."""

    type: str
    value: float
    unit: str | None = None
    at: Instant = None
    labels: Raw = ABSENT
    pool: UUID | None = None
    session: UUID | None = None


class Usage(Strict):
    """The vitals of one moment; names and units are those of `metrics.vitals`."""

    at: Instant = None
    cpu_percent: float | None = None
    cpu_per_core: Raw = ABSENT
    cpu_temp: float | None = None
    load_1m: float | None = None
    ram_percent: float | None = None
    ram_used_gb: float | None = None
    swap_percent: float | None = None
    gpu_utilization: float | None = None
    gpu_memory_percent: float | None = None
    gpu_temp: float | None = None
    disk_percent: float | None = None
    disk_read_mb_s: float | None = None
    disk_write_mb_s: float | None = None
    disk_io_wait_percent: float | None = None
    net_sent_mb_s: float | None = None
    net_recv_mb_s: float | None = None
    process_count: int | None = None
    uptime_seconds: float | None = None


class Process(Strict):
    """One process as the agent saw it; `cpu_percent` may pass 100 on several cores."""

    pid: Pid
    name: Text255
    username: Text255 = ""
    cpu_percent: Share | None = None
    memory_percent: Percent | None = None
    rss_mb: Megabytes | None = None
    status: Annotated[str, Meta(max_length=30)] = ""
    command: LongText = ""


class Spool(Strict):
    """What an agent has yet to deliver: items that wait, since when, and what was dropped or set aside so far."""

    waiting: Count
    oldest_at: Instant = None
    dropped: Count = 0
    quarantined: Count = 0


class Heartbeat(Strict):
    """A sign of life with what the machine says of itself."""

    status: Text50
    config_hash: Annotated[str, Meta(max_length=64)] | None = None
    error: LongText | None = None
    agent_version: Text50 | None = None
    at: Instant = None
    usage: Usage | None = None
    metrics: list[Sample] = []
    node_id: str | None = None
    spool: Spool | None = None


class MetricsBatch(Strict):
    """Samples and vitals under an id that makes sending them twice harmless."""

    batch_id: UUID
    samples: list[Sample] = []
    usage: list[Usage] = []
    node_id: str | None = None


class LooseHeartbeat(Heartbeat):
    """A heartbeat whose metrics are decoded one by one, so that a bad one costs itself only."""

    metrics: list[Raw] = []  # type: ignore[assignment]


class LooseBatch(MetricsBatch, kw_only=True):
    """A batch whose items are decoded one by one, so that a bad one costs itself only."""

    samples: list[Raw] = []  # type: ignore[assignment]
    usage: list[Raw] = []  # type: ignore[assignment]


class Processes(Strict):
    """The top processes of one moment."""

    processes: Annotated[list[Process], Meta(max_length=500)]
    at: Instant = None
    node_id: str | None = None
