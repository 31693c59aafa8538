"""Cells whose colour says how much: which of ten steps a value falls into, and what is read on and beside it. Pure."""

import math
from dataclasses import dataclass
from uuid import UUID

from apps.metrics.selectors import FleetCell
from apps.metrics.selectors.heat import HeatCell
from apps.portal import wording

STEPS = 10
NOTHING = "heat-none"
ROUND = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to `high` in ten steps; percents always end at 100, so that maps can be compared."""

    label: str
    unit: str
    high: float

    def css(self, value: float | None) -> str:
        """The class of a value's colour."""
        if value is None or not math.isfinite(value):
            return NOTHING
        return f"heat-{min(STEPS - 1, max(0, int(STEPS * value / self.high)))}"

    def words(self, value: float | None) -> str:
        """A value with its unit, as it is read out."""
        return "no value" if value is None else f"{wording.number(value)} {self.unit}".strip()

    @property
    def top(self) -> str:
        """The upper end in words."""
        return self.words(self.high)


@dataclass(frozen=True, slots=True)
class Cell:
    """One node on a heat map: its colour, the short text on it and the whole one beside it."""

    node_id: UUID
    hostname: str
    css: str
    text: str
    words: str


def scale_of(label: str, unit: str, greatest: float | None) -> Scale:
    """The scale that a metric's values fit on."""
    return Scale(label, unit, 100.0 if unit == "%" else _round_up(greatest or 0.0))


def _round_up(value: float) -> float:
    """The next round number from a value up, 1 for nothing."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * step for step in ROUND if size * step >= value * 0.999)


def short(value: float | None) -> str:
    """A value in at most four characters."""
    if value is None or not math.isfinite(value):
        return "–"
    for limit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.0f}{name}"
    return f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def cell(found: HeatCell, scale: Scale) -> Cell:
    """A node on the map of one metric; what it said before it fell silent is not shown as its present."""
    if found.is_stale:
        return _silent(found)
    words = f"{found.hostname}: {scale.label} {scale.words(found.value)}"
    return Cell(found.node_id, found.hostname, scale.css(found.value), short(found.value), words)


def load_cell(found: FleetCell) -> Cell:
    """A node on the overview, by its CPU load."""
    if found.is_stale:
        return _silent(found)
    load = Scale("CPU", "%", 100.0)
    words = f"{found.hostname}: CPU {load.words(found.cpu_percent)}, memory {load.words(found.ram_percent)}"
    return Cell(found.node_id, found.hostname, load.css(found.cpu_percent), short(found.cpu_percent), words)


def _silent(found: HeatCell | FleetCell) -> Cell:
    """A node that has no present to show."""
    words = f"{found.hostname}: {found.status}, no fresh value"
    return Cell(found.node_id, found.hostname, NOTHING, "?", words)
