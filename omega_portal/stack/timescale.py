"""Real TimescaleDB from the distribution's packages, run from a private folder by their own loader."""

import os
import shutil
from pathlib import Path

from omega_portal.stack.archive import base_archive, keyring, read_sources, this_release
from omega_portal.stack.console import StackError, say
from omega_portal.stack.packages import Wanted, build_once, is_ready, unpack_packages
from omega_portal.stack.places import Place

_PG = 17
# The release of each distribution that carries TimescaleDB for that PostgreSQL, also for older releases.
_CARRIER = {"debian": ("trixie", "main"), "ubuntu": ("questing", "main universe")}
# Not needed to run the server: LLVM alone is 124 MB (hence `jit = off`), the rest serves maintainer scripts.
_WITHOUT = (
    "libllvm", "libz3", "perl", "libperl", "debconf", "ucf", "adduser", "passwd", "ssl-cert", "openssl",
    "postgresql-common", "postgresql-client-common", "sysvinit", "sensible-utils", "netbase", "login", "dpkg",
    "libjson-perl", "libipc-run-perl", "coreutils", "mawk", "base-", "libdb5", "sed", "tar", "init-system",
)  # fmt: skip


def timescale_programs(place: Place) -> Path:
    """The folder of PostgreSQL's programs with TimescaleDB beside them, downloaded once (about 15 s).

    Raises StackError with the reason when this machine cannot have them.
    """
    prefix = place.programs / f"timescaledb-pg{_PG}"
    if not is_ready(prefix):
        say("downloading TimescaleDB into .local/ (once, about 15 seconds)")
        wanted = _wanted()
        build_once(prefix, lambda folder: _build(wanted, folder))
    return prefix / "usr" / "lib" / "postgresql" / str(_PG) / "bin"


def _wanted() -> Wanted:
    missing = [tool for tool in ("apt-get", "dpkg-deb", "tar") if shutil.which(tool) is None]
    if missing:
        raise StackError(f"no {', '.join(missing)} on this machine")
    release = this_release()
    if release.distribution not in _CARRIER:
        raise StackError(f"no TimescaleDB packages known for {release.distribution or 'this system'}")
    archive, keys = base_archive(read_sources(), release), keyring(release.distribution)
    if archive is None or keys is None:
        raise StackError(f"no {release.distribution} archive (or its keys) in this machine's apt configuration")
    suite, components = _CARRIER[release.distribution]
    source = f"deb [signed-by={keys}] {archive} {suite} {components}"
    return Wanted((f"postgresql-{_PG}", f"postgresql-{_PG}-timescaledb"), (source,), _WITHOUT)


def _build(wanted: Wanted, folder: Path) -> None:
    unpack_packages(wanted, folder)
    wrap_programs(folder / "usr" / "lib", folder / "usr" / "lib" / "postgresql" / str(_PG) / "bin")


def wrap_programs(lib: Path, programs: Path) -> None:
    """Replace each ELF program by a script that runs it through the unpacked loader and libraries.

    The scripts find everything relative to themselves, so the folder may be moved.
    """
    loader = next((path for path in sorted(lib.glob("*-linux-gnu*/ld-linux*.so.*"))), None)
    if loader is None:
        raise StackError("the unpacked packages hold no dynamic loader")
    libraries = os.path.relpath(loader.parent, programs)
    for program in sorted(programs.iterdir()):
        if program.is_symlink() or program.read_bytes()[:4] != b"\x7fELF":
            continue
        hidden = program.with_name(f".{program.name}.bin")
        program.rename(hidden)
        program.write_text(
            "#!/bin/sh\nhere=${0%/*}\n"
            f'exec "$here/{libraries}/{loader.name}" --library-path "$here/{libraries}"'
            f' --argv0 "$0" "$here/{hidden.name}" "$@"\n',
            encoding="utf-8",
        )
        program.chmod(0o755)
