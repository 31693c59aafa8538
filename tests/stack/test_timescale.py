"""Programs of another release run through the loader and libraries that were unpacked with them."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from omega_portal.stack.console import StackError
from omega_portal.stack.timescale import wrap_programs

LOADER = Path("/lib64/ld-linux-x86-64.so.2")
needs_loader = pytest.mark.skipif(
    platform.machine() != "x86_64" or not LOADER.exists(), reason="made for the loader of 64-bit Intel Linux"
)


def unpacked(folder: Path) -> tuple[Path, Path]:
    """A folder as packages leave it: loader, C library, one program, one script."""
    lib, programs = folder / "usr/lib", folder / "usr/lib/thing/bin"
    libraries = lib / "x86_64-linux-gnu"
    for made in (libraries, programs):
        made.mkdir(parents=True)
    shutil.copy(LOADER.resolve(), libraries / LOADER.name)
    for line in subprocess.run(["ldd", "/bin/echo"], capture_output=True, text=True, check=True).stdout.splitlines():
        if "=> /" in line:
            shutil.copy(line.split()[2], libraries)
    shutil.copy("/bin/echo", programs / "echo")
    (programs / "script").write_text("#!/bin/sh\n")
    return lib, programs


@needs_loader
def test_wrapped_program_runs_even_after_its_folder_moved(tmp_path: Path) -> None:
    lib, programs = unpacked(tmp_path / "before")
    wrap_programs(lib, programs)
    (tmp_path / "before").rename(tmp_path / "after words")

    program = tmp_path / "after words" / "usr/lib/thing/bin/echo"
    assert program.read_bytes().startswith(b"#!/bin/sh")
    assert subprocess.run([program, "a  b", "c"], capture_output=True, check=True).stdout == b"a  b c\n"


@needs_loader
def test_scripts_stay_as_they_are(tmp_path: Path) -> None:
    lib, programs = unpacked(tmp_path)
    wrap_programs(lib, programs)

    assert (programs / "script").read_text() == "#!/bin/sh\n"


def test_packages_without_a_loader_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no dynamic loader"):
        wrap_programs(tmp_path, tmp_path)
