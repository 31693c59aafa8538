"""How a node's vitals are laid out on its page: tiles of the present, charts of the past. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from apps.metrics.models import NodeLatest
from apps.metrics.vitals import VITALS, Kind
from apps.nodes.models import Node
from apps.portal import wording


@dataclass(frozen=True, slots=True)
class Tile:
    """One value of the present; `percent` draws a bar."""

    name: str
    label: str
    text: str
    unit: str
    icon: str
    percent: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: its title and the vitals drawn in it, or one named metric with its unit."""

    title: str
    metrics: tuple[str, ...]
    ceiling: int | None = None
    name: str = ""
    own_unit: str | None = None

    @property
    def key(self) -> str:
        """What the chart is called where it must be one word."""
        return self.name or self.metrics[0]

    @property
    def unit(self) -> str:
        """The unit of its axis."""
        return VITALS[self.metrics[0]].unit if self.own_unit is None else self.own_unit

    @property
    def query(self) -> str:
        """Its vitals as an address names them."""
        return ",".join(self.metrics)

    @property
    def legend(self) -> list[str]:
        """What its lines are, in order."""
        return [VITALS[name].label if name in VITALS else name for name in self.metrics]


TILES = (
    ("cpu_percent", "cpu"),
    ("ram_percent", "stack-2"),
    ("disk_percent", "database"),
    ("gpu_utilization", "bolt"),
    ("load_1m", "activity"),
    ("net_recv_mb_s", "arrow-down"),
    ("net_sent_mb_s", "arrow-up"),
    ("disk_read_mb_s", "database"),
    ("disk_write_mb_s", "database"),
    ("disk_io_wait_percent", "hourglass"),
    ("swap_percent", "stack-2"),
    ("cpu_temp", "temperature"),
    ("gpu_temp", "temperature"),
    ("process_count", "list-details"),
)
CHARTS = (
    Chart("CPU", ("cpu_percent", "disk_io_wait_percent"), 100),
    Chart("Memory", ("ram_percent", "swap_percent"), 100),
    Chart("Network", ("net_recv_mb_s", "net_sent_mb_s")),
    Chart("Disk traffic", ("disk_read_mb_s", "disk_write_mb_s")),
    Chart("Disk space", ("disk_percent",), 100),
    Chart("Load", ("load_1m",)),
)
GPU_CHART = Chart("GPU", ("gpu_utilization", "gpu_memory_percent"), 100)
TEMPERATURES = ("cpu_temp", "gpu_temp")


def tiles_of(latest: NodeLatest | None) -> list[Tile]:
    """The tiles of what a node reports; what it never reports has none."""
    if latest is None:
        return []
    tiles = [_tile(latest, name, icon) for name, icon in TILES if getattr(latest, name) is not None]
    if latest.uptime_seconds is not None:
        up = wording.duration(timedelta(seconds=latest.uptime_seconds))
        tiles.append(Tile("uptime_seconds", "Up for", up, "", "power"))
    return tiles


def _tile(latest: NodeLatest, name: str, icon: str) -> Tile:
    """The tile of one vital."""
    vital, value = VITALS[name], float(getattr(latest, name))
    digits = 0 if name == "process_count" else 2 if vital.kind in (Kind.RATE, Kind.AMOUNT) and value < 10 else 1
    percent = value if vital.kind == Kind.PERCENT else None
    note = ""
    if name == "ram_percent" and latest.ram_used_gb is not None:
        note = f"{wording.number(latest.ram_used_gb)} GB used"
    return Tile(name, vital.label, wording.number(value, digits), vital.unit, icon, percent, note)


def chart_of(name: str) -> Chart:
    """The chart of one vital alone."""
    vital = VITALS[name]
    return Chart(vital.label, (name,), 100 if vital.kind == Kind.PERCENT else None)


def charts_for(node: Node, latest: NodeLatest | None) -> list[Chart]:
    """The charts that make sense for a node."""
    charts = list(CHARTS)
    if node.gpu_count:
        charts.insert(2, GPU_CHART)
    if felt := tuple(name for name in TEMPERATURES if getattr(latest, name, None) is not None):
        charts.append(Chart("Temperature", felt))
    return charts
