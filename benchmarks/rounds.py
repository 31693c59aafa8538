"""Takes the rounds of a goal, baseline and portal in turns, and makes one result of them."""

import signal
import statistics
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, TypeVar

from benchmarks.goal import Goal, Round, Size

S = TypeVar("S")
FEWEST: Final = 3
BUDGET_SECONDS: Final = {True: 18.0, False: 900.0}
LIMIT_SECONDS: Final = {True: 90.0, False: 3600.0}


@dataclass(frozen=True, slots=True)
class Pair:
    """One round of both sides, in the goal's unit, and their ratio."""

    numerator: float
    denominator: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a goal; `load_cpu_share` is the share of one core the measuring process itself took."""

    name: str
    pairs: list[Pair] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    load_cpu_share: float = 0.0

    @property
    def is_correct(self) -> bool:
        """Whether all counts were right."""
        return not self.faults

    def median(self, name: str) -> float:
        """Return the median of `ratio`, `numerator` or `denominator` over the rounds; NaN when there were none."""
        return statistics.median(getattr(pair, name) for pair in self.pairs) if self.pairs else float("nan")

    def span(self, name: str) -> tuple[float, float]:
        """Return minimum and maximum over the rounds."""
        values = [getattr(pair, name) for pair in self.pairs] or [float("nan")]
        return min(values), max(values)


def measure(goal: Goal[S], stage: S, size: Size, before_side: Callable[[], None] = lambda: None) -> Result:
    """Set a goal up, take its rounds and count; whatever goes wrong is a fault of the result, not an exception.

    `before_side` runs ahead of each side, unmeasured (a checkpoint, so that none pays for what the other wrote).
    """
    taken: list[tuple[Round, Round]] = []
    faults: list[str] = []
    share = 0.0
    try:
        with _bounded(LIMIT_SECONDS[size.is_quick]):
            goal.set_up(stage, size)
            began, busy = time.perf_counter(), time.process_time()
            taken.extend(_rounds(goal, size, before_side))
            share = (time.process_time() - busy) / (time.perf_counter() - began)
            faults = goal.faults()
    except Exception as error:  # noqa: BLE001 - one goal's trouble must not hide the others' results
        faults = [f"{type(error).__name__}: {error}", *traceback.format_exc().splitlines()[-12:]]
    finally:
        goal.tear_down()
    pairs = [_pair(goal, baseline, portal) for baseline, portal in taken]
    return Result(goal.name, pairs, _figures(taken), faults, share)


def _rounds(goal: Goal[S], size: Size, before_side: Callable[[], None]) -> Iterator[tuple[Round, Round]]:
    """Take rounds, A/B/A/B; beyond the fewest that mean something only while time is left."""
    ends = time.monotonic() + BUDGET_SECONDS[size.is_quick]
    for number in range(size.rounds):
        if number >= FEWEST and time.monotonic() > ends:
            return
        before_side()
        baseline = goal.baseline()
        before_side()
        yield baseline, goal.portal()


def _pair(goal: Goal[S], baseline: Round, portal: Round) -> Pair:
    """Put a round's sides above and below the line."""
    top, bottom = (baseline.value, portal.value) if goal.is_speed_up else (portal.value, baseline.value)
    return Pair(top, bottom, top / bottom if bottom else float("inf"))


def _figures(taken: list[tuple[Round, Round]]) -> dict[str, float]:
    """Return the median of each further figure."""
    values: dict[str, list[float]] = {}
    for pair in taken:
        for name, value in (item for side in pair for item in side.figures.items()):
            values.setdefault(name, []).append(value)
    return {name: statistics.median(found) for name, found in values.items()}


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block when it takes longer."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the goal took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
