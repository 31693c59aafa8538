"""The shape of the code, held by a machine: layers, sizes, annotations, and what must stand nowhere."""

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GIT = shutil.which("git")
MODULE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 300, 40, 100
CURSORS = ("apps/core/sql.py", "apps/core/bulk.py", "apps/core/health.py", "apps/core/timescale/", "tests/", "agent/")
UNWANTED_NAMES = {"utils", "helpers", "signals", "misc", "common"}
Function = ast.FunctionDef | ast.AsyncFunctionDef

pytestmark = pytest.mark.skipif(
    GIT is None or not (ROOT / ".git").exists(), reason="needs the repository's own list of files"
)


@cache
def tracked(*endings: str) -> tuple[Path, ...]:
    """Return the files of the repository, generated migrations left out."""
    found = subprocess.run([str(GIT), "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in found.split("\0") if name.endswith(endings or ("",)))
    return tuple(
        p for p in paths if p.is_file() and not (p.name.startswith("0001_initial") and "migrations" in p.parts)
    )


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf8"))


def functions(path: Path) -> Iterator[Function]:
    """Return every function and method of a module, nested ones too."""
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def named(path: Path, node: ast.AST) -> str:
    """Say where something stands."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '?')} {getattr(node, 'name', '')}".strip()


def offenders(is_wrong: Callable[[Path, Function], bool]) -> list[str]:
    """Return where the functions stand that break a rule."""
    return [named(path, found) for path in tracked(".py") for found in functions(path) if is_wrong(path, found)]


def lines(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text(encoding="utf8").splitlines())


def test_layers_are_kept() -> None:
    command = [str(ROOT / ".venv" / "bin" / "lint-imports"), "--no-logo"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout + found.stderr


def test_modules_are_short() -> None:
    assert [(p.relative_to(ROOT), lines(p)) for p in tracked(".py") if lines(p) > MODULE_LINES] == []


def test_functions_are_short() -> None:
    assert offenders(lambda path, f: (f.end_lineno or 0) - f.lineno + 1 > FUNCTION_LINES) == []


def test_templates_are_short() -> None:
    pages = [p for p in tracked(".html") if "templates" in p.parts]

    assert pages
    assert [(p.relative_to(ROOT), lines(p)) for p in pages if lines(p) > TEMPLATE_LINES] == []


def test_every_function_is_annotated() -> None:
    def lacks(path: Path, f: Function) -> bool:
        takes = [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs, f.args.vararg, f.args.kwarg]
        bare = [a for a in takes if a and a.annotation is None and a.arg not in ("self", "cls")]
        return bool(bare) or f.returns is None

    assert offenders(lacks) == []


def test_every_module_says_what_it_is() -> None:
    silent = [p.relative_to(ROOT) for p in tracked(".py") if parsed(p).body and not ast.get_docstring(parsed(p))]

    assert silent == []


def test_nothing_is_imported_inside_a_function() -> None:
    def imports(path: Path, f: Function) -> bool:
        return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(f))

    assert offenders(imports) == []


def test_cursors_are_opened_in_the_named_places_only() -> None:
    opening = {
        str(path.relative_to(ROOT))
        for path in tracked(".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cursor"
    }

    assert [name for name in opening if not name.startswith(CURSORS)] == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [p.relative_to(ROOT) for p in tracked(".py") if UNWANTED_NAMES & {p.stem, p.parent.name}] == []


def test_no_module_imports_everything_of_another() -> None:
    stars = [
        named(path, node)
        for path in tracked(".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names)
    ]

    assert [star for star in stars if not star.startswith("omega_portal/settings/test.py")] == []


# Written so that this file does not hold what it looks for.
UNWANTED = {
    "a path of somebody's machine": r"(?<![\w.~-])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/\w",
    "a reference to a tracker": r"(?i)\b" + r"(?:issue|ticket|pr)\s*#" + r"\d+",
    "unfinished work": "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r"\b",
    "a merge conflict": r"(?m)^(?:<{7}|>{7}) ",
    "a package registry's host": r"\b(?:"
    + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js"])
    + r")\.(?:org|com)",
    "a private key": "BEGIN [A-Z ]*PRIVATE " + "KEY",
}
TEXTS = (
    ".py",
    ".md",
    ".sql",
    ".html",
    ".css",
    ".toml",
    ".yml",
    ".yaml",
    ".sh",
    ".txt",
    ".lock",
    ".example",
    "Makefile",
    "run",
)


@pytest.mark.parametrize("what", UNWANTED)
def test_nothing_in_the_repository_holds(what: str) -> None:
    pattern = re.compile(UNWANTED[what])
    ours = [path for path in tracked(*TEXTS) if "vendor" not in path.parts]
    found = {
        str(p.relative_to(ROOT)): hit.group() for p in ours if (hit := pattern.search(p.read_text(encoding="utf8")))
    }

    assert found == {}
