"""A PgBouncer for the tests: the machine's own, else the distribution's package unpacked privately."""

import shutil
from pathlib import Path

from omega_portal.stack.console import say
from omega_portal.stack.files import only_one, write_whole
from omega_portal.stack.own_archive import from_own_archive
from omega_portal.stack.packages import Wanted, build_once, is_ready, unpack_packages
from omega_portal.stack.places import Place


def find_pgbouncer(place: Place) -> Path:
    """The path of a PgBouncer, unpacked on first use; raises StackError with the reason otherwise."""
    found = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if found is not None:
        return Path(found)
    prefix = place.programs / "pgbouncer"
    with only_one(place.root / "pgbouncer.lock"):
        if not is_ready(prefix):
            wanted = from_own_archive("pgbouncer")
            say("downloading PgBouncer into .local/ (once)")
            build_once(prefix, lambda folder: _build(wanted, folder))
    return prefix / "pgbouncer"


def _build(wanted: Wanted, folder: Path) -> None:
    unpack_packages(wanted, folder)
    libraries = sorted({path.parent for path in folder.rglob("*.so*") if path.is_file()})
    library_path = ":".join(f"$here/{path.relative_to(folder)}" for path in libraries)
    script = (
        "#!/bin/sh\nhere=${0%/*}\n"
        f'export LD_LIBRARY_PATH="{library_path}:$LD_LIBRARY_PATH"\n'
        'exec "$here/usr/sbin/pgbouncer" "$@"\n'
    )
    write_whole(folder / "pgbouncer", script, mode=0o755)
