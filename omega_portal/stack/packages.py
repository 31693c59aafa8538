"""Distribution packages unpacked into a private folder; nothing on the system is installed or changed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from omega_portal.stack.console import StackError

_NOT_UNPACKED = (
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/locale",
    "./usr/share/info",
    "./var",
    "./etc/init.d",
)
_READY = ".ready"


@dataclass(frozen=True)
class Wanted:
    """What to unpack: package names, apt source lines, prefixes of packages not needed to run it.

    `beside_system` takes only what the machine has not installed; otherwise every dependency comes along.
    """

    packages: tuple[str, ...]
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()
    beside_system: bool = False


def is_ready(prefix: Path) -> bool:
    """Whether `prefix` holds a complete unpacking."""
    return (prefix / _READY).is_file()


def build_once(prefix: Path, build: Callable[[Path], None]) -> None:
    """Fill `prefix` by `build` unless it is complete.

    The work happens in a folder beside it that is renamed at the end, so an interrupted run leaves
    nothing that looks complete, and the next run clears what it left.
    """
    if is_ready(prefix):
        return
    for leftover in prefix.parent.glob(f".{prefix.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.rmtree(prefix, ignore_errors=True)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{prefix.name}.partial-", dir=prefix.parent))
    try:
        partial.chmod(0o755)
        build(partial)
        (partial / _READY).touch()
        partial.rename(prefix)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def unpack_packages(wanted: Wanted, into: Path) -> None:
    """Download the wanted packages with what they depend on and unpack them below `into`.

    Raises StackError with apt's last words when the archive cannot be reached or lacks a package.
    """
    with _private_apt(wanted) as apt:
        _run(apt, ["apt-get", "-qq", "update"])
        archives = Path(apt["OMEGA_ARCHIVES"])
        _run(apt, ["apt-get", "-qq", "download", *_needed(apt, wanted)], directory=archives)
        for package in sorted(archives.glob("*.deb")):
            unpack_file(package, into)


def unpack_file(package: Path, into: Path) -> None:
    """Unpack one `.deb` below `into`, without documentation and translations."""
    leave_out = [f"--exclude={path}" for path in _NOT_UNPACKED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as reader:
        command = ["tar", "-x", "-C", str(into), "--no-same-owner", "--same-permissions", *leave_out]
        written = subprocess.run(command, stdin=reader.stdout, check=False).returncode
    if reader.returncode or written:
        raise StackError(f"{package.name} could not be unpacked")


def _needed(apt: dict[str, str], wanted: Wanted) -> list[str]:
    planned = _run(apt, ["apt-get", "-qq", "--simulate", "install", *wanted.packages])
    names = []
    for line in planned.splitlines():
        words = line.split()
        if words[:1] == ["Inst"] and not words[1].startswith(wanted.without):
            version = next(word for word in words[2:] if word.startswith("("))
            names.append(f"{words[1]}={version[1:]}")
    return names


@contextmanager
def _private_apt(wanted: Wanted) -> Iterator[dict[str, str]]:
    """An environment in which apt keeps its state in a temporary folder and leaves the system's alone."""
    folder = Path(tempfile.mkdtemp(prefix="omega-apt-"))
    try:
        for name in ("lists/partial", "archives/partial", "empty"):
            (folder / name).mkdir(parents=True)
        status = folder / "status"
        status.touch()
        (folder / "sources.list").write_text("\n".join(wanted.sources) + "\n", encoding="utf-8")
        settings = {
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": "/var/lib/dpkg/status" if wanted.beside_system else status,
            "Dir::State::extended_states": folder / "extended_states",
            "Dir::Cache": folder,
            "Dir::Cache::archives": folder / "archives",
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": folder / "empty",
            "Dir::Etc::PreferencesParts": folder / "empty",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "APT::Get::AllowUnauthenticated": "false",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
        }
        lines = [f'{key} "{value}";' for key, value in settings.items()]
        (folder / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        environment = {"APT_CONFIG": str(folder / "apt.conf"), "OMEGA_ARCHIVES": str(folder / "archives")}
        yield {**os.environ, **environment, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(environment: dict[str, str], command: Sequence[str], directory: Path | None = None) -> str:
    done = subprocess.run(list(command), env=environment, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise StackError(f"{' '.join(command[:3])} failed: {words[-1] if words else 'no message'}")
    return done.stdout
