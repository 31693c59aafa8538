"""Packages of the very release that this machine runs, beside what it has installed."""

import shutil
from pathlib import Path

from omega_portal.stack.archive import Source, keyring, own_sources, read_sources, this_release
from omega_portal.stack.console import StackError
from omega_portal.stack.packages import Wanted


def from_own_archive(*packages: str) -> Wanted:
    """What to unpack for some packages; raises StackError where there is no Debian archive to take them from."""
    release = this_release()
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None or release.distribution != "debian":
        raise StackError(f"no {packages[0]} on PATH, and no Debian packages to take one from")
    keys = keyring(release.distribution)
    lines = tuple(_line(source, keys) for source in own_sources(read_sources(), release))
    if not lines or keys is None:
        raise StackError(f"no {packages[0]} on PATH, and no Debian archive in this machine's apt configuration")
    return Wanted(packages, lines, beside_system=True)


def _line(source: Source, keys: Path | None) -> str:
    return "\n".join(f"deb [signed-by={keys}] {source.uri} {suite} main" for suite in source.suites)
