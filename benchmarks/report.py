"""What a person reads, and what a program reads, of a result."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.goal import Goal
from benchmarks.rounds import Result


def as_json(goal: Goal[Any], result: Result, surroundings: dict[str, Any]) -> dict[str, Any]:
    """Return a result as plain values; `surroundings` are machine, versions and the like."""
    ratio = result.median("ratio")
    return {
        "goal": goal.name,
        "title": goal.title,
        "ratio": _finite(ratio),
        "target": goal.target.ratio,
        "stretch": goal.target.stretch,
        "better": str(goal.target.better),
        "is_reached": result.is_correct and bool(result.pairs) and goal.target.is_reached_by(ratio),
        "correct": result.is_correct,
        "faults": result.faults,
        "numerator": _finite(result.median("numerator")),
        "denominator": _finite(result.median("denominator")),
        "unit": goal.unit,
        "rounds": [asdict(pair) for pair in result.pairs],
        "figures": result.figures,
        "load_cpu_share": result.load_cpu_share,
        "durability": goal.durability,
        **surroundings,
    }


def _finite(value: float) -> float | None:
    """Return a number that JSON knows, None for others."""
    return value if math.isfinite(value) else None


def describe(goal: Goal[Any], result: Result) -> str:
    """Return a goal's result in a few lines."""
    top, bottom = ("baseline", "portal") if goal.is_speed_up else ("portal", "baseline")
    ratio, target = result.median("ratio"), goal.target
    verdict = "reached" if result.pairs and target.is_reached_by(ratio) else "NOT reached"
    lines = [f"{goal.name}  {goal.title}"]
    if result.pairs:
        stretch = "" if target.stretch is None else f", stretch {target.stretch:g}"
        lines += [
            f"  ratio        {_spread(result, 'ratio', 3)}   goal {target.better} {target.ratio:g}{stretch}: {verdict}",
            f"  {top:<12} {_spread(result, 'numerator', 4)} {goal.unit}",
            f"  {bottom:<12} {_spread(result, 'denominator', 4)} {goal.unit}",
        ]
    lines += [f"  {name:<30} {value:,.4g}" for name, value in result.figures.items()]
    lines.append(
        f"  rounds {len(result.pairs)}, load generator {result.load_cpu_share:.0%} of one core, {goal.durability}"
    )
    lines.append("  correct" if result.is_correct else "  NOT CORRECT:")
    return "\n".join([*lines, *(f"    {fault}" for fault in result.faults)])


def _spread(result: Result, name: str, digits: int) -> str:
    """Return the median of the rounds with minimum and maximum."""
    low, high = result.span(name)
    return f"{_number(result.median(name), digits)} ({_number(low, digits)} .. {_number(high, digits)})"


def _number(value: float, digits: int) -> str:
    """Return a number with as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return one line per goal."""
    lines = [f"{'goal':<6}{'ratio':>10}  {'target':<16}{'reached':<9}{'correct':<9}unit"]
    for row in rows:
        ratio = "-" if row["ratio"] is None else _number(row["ratio"], 3)
        target = f"{row['better']} {row['target']:g}"
        reached, correct = ("yes" if row[key] else "no" for key in ("is_reached", "correct"))
        lines.append(f"{row['goal']:<6}{ratio:>10}  {target:<16}{reached:<9}{correct:<9}{row['unit']}")
    return "\n".join(lines)
