"""The harness, tried with a goal made of lists: it takes turns, does its sums, and counts."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from benchmarks.goal import Better, Goal, Round, Size, Target
from benchmarks.report import as_json, describe, table
from benchmarks.rounds import measure

SMALL = Size(nodes=1, rounds=3, seconds=0.0, is_quick=True)
AROUND = {"machine": {"cores": 2}, "versions": {"python": "3"}}


@dataclass
class Toy:
    """A goal whose measurements are written down beforehand."""

    baselines: list[float] = field(default_factory=lambda: [10.0, 20.0, 40.0])
    portals: list[float] = field(default_factory=lambda: [20.0, 10.0, 60.0])
    wrong: list[str] = field(default_factory=list)
    target: Target = field(default_factory=lambda: Target(Better.HIGH, 0.8, 1.0))
    is_speed_up: bool = False
    calls: list[str] = field(default_factory=list)
    name: str = "toy"
    title: str = "A toy"
    unit: str = "beans/s"
    durability: str = "none"

    def set_up(self, stage: str, size: Size) -> None:
        self.calls.append(f"set up {stage} {size.nodes}")

    def baseline(self) -> Round:
        self.calls.append("baseline")
        return Round(self.baselines.pop(0))

    def portal(self) -> Round:
        self.calls.append("portal")
        return Round(self.portals.pop(0), {"p99 ms": 10.0 * len(self.portals)})

    def faults(self) -> list[str]:
        return self.wrong

    def tear_down(self) -> None:
        self.calls.append("tear down")


def test_the_sides_take_turns_and_each_starts_from_a_checkpoint() -> None:
    toy = Toy()

    measure(toy, "here", SMALL, lambda: toy.calls.append("-"))

    assert toy.calls == ["set up here 1", *["-", "baseline", "-", "portal"] * 3, "tear down"]


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    result = measure(Toy(), "here", SMALL)

    assert [pair.ratio for pair in result.pairs] == [2.0, 0.5, 1.5]
    assert (result.median("ratio"), result.span("ratio")) == (1.5, (0.5, 2.0))
    assert (result.median("numerator"), result.median("denominator")) == (20.0, 20.0)
    assert result.figures == {"p99 ms": 10.0}


def test_a_speed_up_has_the_baseline_above_the_line() -> None:
    result = measure(Toy(is_speed_up=True), "here", SMALL)

    assert [pair.ratio for pair in result.pairs] == [0.5, 2.0, 40.0 / 60.0]


@pytest.mark.parametrize(
    ("target", "is_reached"),
    [
        (Target(Better.HIGH, 1.5), True),
        (Target(Better.HIGH, 1.6), False),
        (Target(Better.LOW, 1.5), True),
        (Target(Better.LOW, 1.4), False),
    ],
)
def test_what_reaching_means_depends_on_the_direction(target: Target, is_reached: bool) -> None:
    toy = Toy(target=target)

    assert as_json(toy, measure(toy, "here", SMALL), AROUND)["is_reached"] is is_reached


def test_programs_find_everything_in_the_json() -> None:
    toy = Toy()
    found = as_json(toy, measure(toy, "here", SMALL), AROUND)

    assert found | {"load_cpu_share": 0} == {
        "goal": "toy", "title": "A toy", "ratio": 1.5, "target": 0.8, "stretch": 1.0, "better": "at least",
        "is_reached": True, "correct": True, "faults": [], "numerator": 20.0, "denominator": 20.0, "unit": "beans/s",
        "rounds": [
            {"numerator": 20.0, "denominator": 10.0, "ratio": 2.0},
            {"numerator": 10.0, "denominator": 20.0, "ratio": 0.5},
            {"numerator": 60.0, "denominator": 40.0, "ratio": 1.5},
        ],
        "figures": {"p99 ms": 10.0}, "load_cpu_share": 0, "durability": "none", **AROUND,
    }  # fmt: skip


def test_people_read_both_sides_with_their_spread() -> None:
    toy = Toy()

    text = describe(toy, measure(toy, "here", SMALL))

    assert "ratio        1.5 (0.5 .. 2)   goal at least 0.8, stretch 1: reached" in text
    assert "portal       20 (10 .. 60) beans/s" in text
    assert "baseline     20 (10 .. 40) beans/s" in text


def test_a_wrong_count_spoils_the_best_ratio() -> None:
    toy = Toy(wrong=["1 row of 2 arrived"])
    found = as_json(toy, measure(toy, "here", SMALL), AROUND)

    assert (found["correct"], found["is_reached"], found["faults"]) == (False, False, ["1 row of 2 arrived"])
    assert "no" in table([found])


def test_a_goal_that_fails_says_why_and_is_cleared_away() -> None:
    toy = Toy(portals=[1.0])
    result = measure(toy, "here", SMALL)

    assert result.faults[0] == "IndexError: pop from empty list"
    assert len(result.pairs) == 1
    assert toy.calls[-1] == "tear down"


def test_a_goal_that_never_began_is_still_reported(broken_set_up: Callable[[], Goal[str]]) -> None:
    toy = broken_set_up()
    found = as_json(toy, measure(toy, "here", SMALL), AROUND)

    assert (found["ratio"], found["correct"], found["rounds"]) == (None, False, [])
    assert "the servers are away" in describe(toy, measure(toy, "here", SMALL))


@pytest.fixture
def broken_set_up() -> Callable[[], Goal[str]]:
    """A goal that cannot be set up."""

    class Broken(Toy):
        def set_up(self, stage: str, size: Size) -> None:
            raise OSError("the servers are away")

    return Broken
