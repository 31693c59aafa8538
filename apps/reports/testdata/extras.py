"""What makes generated machines talkative: metrics of their own, and the processes they run right now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from apps.core.bulk import copy_binary
from apps.metrics.models import MetricSample, MetricSeries, NodeLatest, ProcessSnapshot
from apps.reports.testdata.archetypes import Rhythm
from apps.reports.testdata.inventory import Member
from apps.reports.testdata.shapes import Floats, activity, noise
from apps.reports.testdata.tuples import Column, as_tuples, time_column
from apps.reports.testdata.vitals import MONDAY

LONGEST = timedelta(days=7)
MACHINES_PER_METRIC = 4


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """A metric that machines of one kind report: about `base` when idle and `base + swing` when busy."""

    prefix: str
    name: str
    unit: str
    labels: dict[str, str]
    base: float
    swing: float
    rhythm: Rhythm


METRICS = (
    CustomMetric("app", "http_requests_per_second", "1/s", {"service": "catalogue"}, 6, 240, Rhythm.DAYTIME),
    CustomMetric("app", "http_latency_p95_ms", "ms", {"service": "catalogue"}, 38, 160, Rhythm.DAYTIME),
    CustomMetric("db", "connections", "", {"database": "orders"}, 22, 130, Rhythm.DAYTIME),
    CustomMetric("db", "replication_lag_seconds", "s", {"database": "orders"}, 0.2, 2.4, Rhythm.NIGHTLY),
    CustomMetric("cmp", "jobs_waiting", "", {"queue": "batch"}, 0, 34, Rhythm.NIGHTLY),
    CustomMetric("lab", "room_temperature", "°C", {"sensor": "door"}, 20.5, 3.5, Rhythm.OFFICE),
)
PROGRAMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "lab": (("firefox", "student", "/usr/lib/firefox/firefox"), ("matlab", "student", "matlab -desktop"),
            ("gnome-shell", "student", "/usr/bin/gnome-shell")),
    "cmp": (("solver", "batch", "/opt/solver/bin/solver --input case.yaml"), ("mpirun", "batch", "mpirun -n 16 ./run"),
            ("slurmd", "root", "/usr/sbin/slurmd -D")),
    "gpu": (("python3", "trainer", "python3 train.py --config base.toml"),
            ("nvidia-persistenced", "root", "nvidia-persistenced"),
            ("python3", "trainer", "python3 -m dataloader")),
    "db": (("postgres", "postgres", "postgres: checkpointer"),
           ("postgres", "postgres", "postgres: orders app 10.20.0.9 idle"),
           ("pgbouncer", "postgres", "/usr/sbin/pgbouncer /etc/pgbouncer.ini")),
    "sto": (("nfsd", "root", "[nfsd]"), ("rsync", "backup", "rsync --server --sender -logDtpr ."),
            ("smartd", "root", "/usr/sbin/smartd -n")),
    "app": (("gunicorn", "web", "gunicorn: worker [catalogue]"), ("nginx", "web", "nginx: worker process"),
            ("redis-server", "redis", "redis-server 127.0.0.1:6379")),
}  # fmt: skip
EVERYWHERE = (
    ("systemd", "root", "/sbin/init"),
    ("sshd", "root", "sshd: /usr/sbin/sshd -D [listener]"),
    ("systemd-journald", "root", "/usr/lib/systemd/systemd-journald"),
    ("cron", "root", "/usr/sbin/cron -f"),
    ("omega-agent", "omega", "omega-agent run"),
    ("kworker/u8:2", "root", "[kworker/u8:2-events_unbound]"),
)


def write_custom_metrics(members: list[Member], start: datetime, now: datetime, interval: timedelta) -> int:
    """Copy samples of a few series, over the last week at most; return how many."""
    begin = max(start, now - LONGEST)
    step = interval.total_seconds()
    grid = np.arange(np.ceil(begin.timestamp() / step), now.timestamp() // step + 1) * step
    pieces, count = [], 0
    for metric in METRICS:
        able = [m for m in members if m.plan.archetype.prefix == metric.prefix and m.wants_history]
        for member in able[:MACHINES_PER_METRIC]:
            seconds, values, series = _samples(metric, member, grid)
            series.save()
            pieces.append(_tuples(series, seconds, values))
            count += seconds.size
    copy_binary(MetricSample._meta.db_table, ["series_id", "time", "value"], pieces)
    return count


def _samples(metric: CustomMetric, member: Member, grid: Floats) -> tuple[Floats, Floats, MetricSeries]:
    """Return the samples that are missing, and their series up to date but not saved."""
    series, _ = MetricSeries.objects.get_or_create(
        tenant_id=member.node.tenant_id, node=member.node, metric_type=metric.name, labels=metric.labels,
        pool_id=None, storage_pool_id=None, session_id=None, defaults={"unit": metric.unit},
    )  # fmt: skip
    rng = np.random.default_rng([member.plan.seed, 5, METRICS.index(metric)])
    hours = (grid - MONDAY) / 3600 + member.plan.region.utc_offset
    busy = activity(metric.rhythm, rng, hours) * (1 + 0.2 * noise(rng, grid.size))
    values = np.asarray(np.maximum(0, metric.base + metric.swing * np.maximum(busy, 0)).round(2), dtype=np.float64)
    missing = grid > (series.last_sample_at.timestamp() if series.last_sample_at else 0)
    if missing.any():
        series.last_sample_at = datetime.fromtimestamp(float(grid[-1]), UTC)
    return grid[missing], values[missing], series


def _tuples(series: MetricSeries, seconds: Floats, values: Floats) -> bytes:
    """Return the binary samples of one series."""
    columns = [
        Column("series_id", ">i4", series.pk),
        time_column("time", seconds),
        Column("value", ">f8", values),
    ]
    return as_tuples(columns, seconds.size)


def write_processes(members: list[Member]) -> int:
    """Add the top processes of each machine at its newest sample; return how many rows."""
    newest = {row.pk: row for row in NodeLatest.objects.filter(node__in=[m.node.pk for m in members])}
    known = ProcessSnapshot.objects.filter(timestamp__in={row.at for row in newest.values()})
    seen = set(known.values_list("node_id", "timestamp"))
    due = [m for m in members if m.node.pk in newest and (m.node.pk, newest[m.node.pk].at) not in seen]
    rows = [row for member in due for row in _processes_of(member, newest[member.node.pk])]
    ProcessSnapshot.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def _processes_of(member: Member, latest: NodeLatest) -> list[ProcessSnapshot]:
    """Return a machine's processes; together they use about what its vitals say."""
    rng = np.random.default_rng([member.plan.seed, 6])
    programs = [*PROGRAMS.get(member.plan.archetype.prefix, ()), *EVERYWHERE]
    parts = np.sort(rng.dirichlet(np.full(len(programs), 0.4)))[::-1]
    memory_mb = member.plan.memory_gb * 1000
    return [
        ProcessSnapshot(
            node=member.node,
            timestamp=latest.at,
            pid=300 + 431 * number + int(rng.integers(0, 400)),
            name=name,
            username=user,
            cpu_percent=round(float(part) * (latest.cpu_percent or 0) * member.plan.cores, 1),
            memory_percent=round(float(part) * (latest.ram_percent or 0), 1),
            rss_mb=round(float(part) * (latest.ram_percent or 0) / 100 * memory_mb, 1),
            status="running" if number == 0 else "sleeping",
            command=command,
        )
        for number, ((name, user, command), part) in enumerate(zip(programs, parts, strict=True))
    ]
