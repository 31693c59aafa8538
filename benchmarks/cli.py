"""The command: which goals, how much of each, and where the results go."""

import argparse
import json
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import django

from benchmarks.goal import Goal, Size
from benchmarks.machine import machine, versions
from benchmarks.report import as_json, describe, table
from benchmarks.rounds import Result, measure
from benchmarks.servers import run_with_servers
from benchmarks.stage import stage
from omega_portal.stack.console import StackError, answer, say

# Each is a module of this package with a class `Measured`.
GOALS: Final = tuple(sorted(path.stem for path in Path(__file__).parent.glob("g[0-9]*.py")))
# A live channel and keys apart from those of a portal or of tests on the same server.
REDIS_DATABASE: Final = 14
QUICK: Final = Size(nodes=10_000, rounds=3, seconds=1.5, is_quick=True)
WHOLE: Final = Size()


def main(arguments: Sequence[str]) -> int:
    """Run the goals asked for; 1 when a count was wrong, 0 otherwise: slowness is a result, not an error."""
    chosen = _parser().parse_args(arguments)
    try:
        if "DATABASE_URL" not in os.environ:
            return run_with_servers(arguments)
        _begin()
        rows = [_run(name, _size(chosen)) for name in _names(chosen.goal)]
    except StackError as trouble:
        say(f"benchmarks: {trouble}")
        return 2
    if len(rows) > 1:
        answer(table(rows))
    if chosen.json:
        found: Any = rows if chosen.goal == "all" else rows[0]
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf8")
    return 0 if all(row["correct"] for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("goal", choices=("all", *GOALS))
    parser.add_argument("--quick", action="store_true", help="three short rounds; all goals take under two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of both sides")
    parser.add_argument("--nodes", type=int, metavar="N", help="nodes of the fleet")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long an open-ended round lasts")
    return parser


def _size(chosen: argparse.Namespace) -> Size:
    """Return how much to do."""
    usual = QUICK if chosen.quick else WHOLE
    return Size(
        nodes=chosen.nodes or usual.nodes,
        rounds=chosen.rounds or usual.rounds,
        seconds=chosen.seconds or usual.seconds,
        is_quick=usual.is_quick,
    )


def _names(goal: str) -> list[str]:
    """Return the modules of the goals asked for."""
    return list(GOALS) if goal == "all" else [goal]


def _begin() -> None:
    """Load Django as a management process, on a Redis database of the benchmarks' own."""
    redis = urlsplit(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
    os.environ["REDIS_URL"] = redis._replace(path=f"/{REDIS_DATABASE}").geturl()
    os.environ |= {"OMEGA_PROCESS": "manage", "DJANGO_SETTINGS_MODULE": "omega_portal.settings.django"}
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    django.setup()


def _run(name: str, size: Size) -> dict[str, Any]:
    """Measure one goal on a stage of its own, and tell."""
    # Goals use models, which can be loaded only now that Django is.
    goal: Goal[Any] = import_module(f"benchmarks.{name}").Measured()
    with stage() as made:
        result: Result = measure(goal, made, size, made.checkpoint)
        result.figures.update(made.memory())
        answer(describe(goal, result) + "\n")
        found = versions(made.owner_url)
        if found["settings"]["fsync"] != "on":
            say(
                "benchmarks: this server does not flush to disk (fsync is off): its figures of writing promise too much"
            )
        return as_json(goal, result, {"machine": machine(), "versions": found})
