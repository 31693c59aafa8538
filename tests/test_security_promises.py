"""Every promise of docs/security.md names tests, and those tests are there."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf8")
NAMED = re.compile(r"`((?:agent/)?tests/[\w/]+\.py)::(test_\w+)`")
AREAS = ["Login", "Agent keys", "Rows", "Audit", "Secrets", "Input", "Telemetry", "Web"]


@cache
def names_in(name: str) -> set[str]:
    """Return the tests of a module, none where there is no such module."""
    path = ROOT / name
    tree = ast.parse(path.read_text(encoding="utf8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_named_there_exists() -> None:
    named = NAMED.findall(PAGE)

    assert len(named) > 50
    assert [f"{module}::{name}" for module, name in named if name not in names_in(module)] == []


def test_areas_stand_in_their_order() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == AREAS


def test_every_promise_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line != "| promise | held by |"]

    assert [row for row in rows if not NAMED.search(row)] == []
