"""Packages are unpacked completely or not at all; what an interrupted run left is cleared."""

import shutil
import subprocess
from pathlib import Path

import pytest

from omega_portal.stack.console import StackError
from omega_portal.stack.packages import build_once, is_ready, unpack_file

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not on this machine")


def fill(folder: Path) -> None:
    """Stands for a download: one program."""
    (folder / "program").write_text("whole")


def break_off(folder: Path) -> None:
    """Stands for a download that is interrupted half-way."""
    (folder / "program").write_text("hal")
    raise StackError("connection lost")


def test_built_once_and_then_left_alone(tmp_path: Path) -> None:
    prefix = tmp_path / "programs" / "thing"
    build_once(prefix, fill)
    build_once(prefix, break_off)

    assert (prefix / "program").read_text() == "whole"
    assert prefix.stat().st_mode & 0o777 == 0o755


def test_interrupted_build_leaves_nothing_and_the_next_one_succeeds(tmp_path: Path) -> None:
    prefix = tmp_path / "thing"
    with pytest.raises(StackError):
        build_once(prefix, break_off)
    assert list(tmp_path.iterdir()) == []

    build_once(prefix, fill)
    assert is_ready(prefix)


def test_rests_of_a_killed_build_are_cleared(tmp_path: Path) -> None:
    prefix, rest = tmp_path / "thing", tmp_path / ".thing.partial-abc"
    for folder in (prefix, rest):
        folder.mkdir()
        (folder / "program").write_text("hal")
    build_once(prefix, fill)

    assert (prefix / "program").read_text() == "whole"
    assert not rest.exists()


@needs_dpkg
def test_package_is_unpacked_without_its_documentation(tmp_path: Path) -> None:
    package, into = make_package(tmp_path), tmp_path / "into"
    into.mkdir()
    unpack_file(package, into)

    assert (into / "usr/bin/tiny").stat().st_mode & 0o777 == 0o755
    assert not (into / "usr/share/doc").exists()


@needs_dpkg
def test_half_downloaded_package_is_refused(tmp_path: Path) -> None:
    package, into = make_package(tmp_path), tmp_path / "into"
    into.mkdir()
    package.write_bytes(package.read_bytes()[:-100])

    with pytest.raises(StackError, match=r"tiny\.deb could not be unpacked"):
        unpack_file(package, into)


def make_package(folder: Path) -> Path:
    """A Debian package holding one program and one page of documentation."""
    source = folder / "source"
    for name in ("DEBIAN/control", "usr/bin/tiny", "usr/share/doc/tiny/readme"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("#!/bin/sh\n")
    (source / "DEBIAN/control").write_text(
        "Package: tiny\nVersion: 1\nArchitecture: all\nDescription: tiny\nMaintainer: nobody <nobody@example.org>\n"
    )
    (source / "DEBIAN").chmod(0o755)
    (source / "usr/bin/tiny").chmod(0o755)
    package = folder / "tiny.deb"
    subprocess.run(["dpkg-deb", "--build", str(source), str(package)], check=True, capture_output=True)
    return package
