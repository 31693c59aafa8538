"""The archive's address comes from the machine's own apt configuration, in either notation."""

from pathlib import Path

from omega_portal.stack.archive import Release, base_archive, keyring, own_sources, read_sources, this_release

BOOKWORM = Release("debian", "bookworm")
ONE_LINE = """
# deb http://disabled.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/tool.gpg] http://tool.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # the mirror
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
broken line
"""
DEB822 = """Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

# a comment
Types: deb deb-src
URIs: http://node.example/
Suites: nodistro
Components: main
"""


def etc(folder: Path, *, one_line: str = "", deb822: str = "") -> Path:
    """An apt configuration folder."""
    (folder / "sources.list.d").mkdir()
    (folder / "sources.list").write_text(one_line)
    (folder / "sources.list.d" / "debian.sources").write_text(deb822)
    return folder


def test_one_line_notation_gives_the_distributions_own_mirror(tmp_path: Path) -> None:
    sources = read_sources(etc(tmp_path, one_line=ONE_LINE))

    assert base_archive(sources, BOOKWORM) == "http://mirror.example/debian"
    assert [source.suites for source in own_sources(sources, BOOKWORM)] == [
        ("bookworm",),
        ("bookworm-security",),
    ]


def test_stanza_notation_leaves_out_disabled_and_foreign_sources(tmp_path: Path) -> None:
    sources = read_sources(etc(tmp_path, deb822=DEB822))

    assert base_archive(sources, BOOKWORM) == "http://mirror.example/debian"
    assert [source.uri for source in own_sources(sources, BOOKWORM)] == ["http://mirror.example/debian"]


def test_machine_without_apt_has_no_archive(tmp_path: Path) -> None:
    assert base_archive(read_sources(tmp_path / "none"), BOOKWORM) is None


def test_release_is_read_from_the_systems_file(tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n\nnonsense\n')

    assert this_release(tmp_path / "os-release") == BOOKWORM
    assert this_release(tmp_path / "missing") == Release("", "")


def test_keys_of_another_distribution_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "debian-archive-keyring.pgp").touch()

    assert keyring("debian", tmp_path) == tmp_path / "debian-archive-keyring.pgp"
    assert keyring("ubuntu", tmp_path) is None
