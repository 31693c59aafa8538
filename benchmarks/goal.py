"""What a goal is: two sides measured in turns, and a count that shows neither cheated. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

S = TypeVar("S", contravariant=True)


class Better(StrEnum):
    """In which direction a ratio gets better."""

    LOW = "at most"
    HIGH = "at least"


@dataclass(frozen=True, slots=True)
class Target:
    """The ratio to reach; `stretch` is None where none is named in the same ratio."""

    better: Better
    ratio: float
    stretch: float | None = None

    def is_reached_by(self, ratio: float) -> bool:
        """Tell whether a ratio is as good as the target, or better."""
        return ratio <= self.ratio if self.better is Better.LOW else ratio >= self.ratio


@dataclass(frozen=True, slots=True)
class Size:
    """How much to do: nodes of the fleet, seconds that an open-ended round lasts, and whether time is short."""

    nodes: int = 10_000
    rounds: int = 5
    seconds: float = 10.0
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One side measured once: the value in the goal's unit, and other figures by name (median is reported)."""

    value: float
    figures: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Goal(Protocol[S]):
    """One goal. `S` is the stage it plays on (`benchmarks.stage.Stage`; anything at all in tests of the harness).

    The ratio is portal / baseline, or baseline / portal where `is_speed_up` (both sides are times, and more is better).
    """

    name: str
    title: str
    unit: str
    target: Target
    is_speed_up: bool
    durability: str

    def set_up(self, stage: S, size: Size) -> None:
        """Fill the database, start processes, warm both sides up."""

    def baseline(self) -> Round:
        """Measure the plain thing once."""

    def portal(self) -> Round:
        """Measure the portal once."""

    def faults(self) -> list[str]:
        """Say after all rounds what is wrong with what was stored or answered; empty when all is right."""

    def tear_down(self) -> None:
        """Close what `set_up` opened; called whatever happened. The stage ends its own processes and database."""
