"""The distribution's package archive, as the machine's own apt configuration names it."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROLLING = {"stable", "testing", "unstable", "sid", "oldstable"}


@dataclass(frozen=True)
class Source:
    """One line of apt configuration: where (`uri`), which releases, which components."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class Release:
    """Which distribution this is, in its own words (`debian`, `bookworm`)."""

    distribution: str
    codename: str


def this_release(path: Path = Path("/etc/os-release")) -> Release:
    """Read which release the machine runs; empty words where the file says nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    return Release(words.get("ID", "").strip('"'), words.get("VERSION_CODENAME", "").strip('"'))


def read_sources(etc: Path = Path("/etc/apt")) -> list[Source]:
    """Every enabled binary package source of the machine, in both of apt's notations."""
    one_line = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    found = [source for path in one_line if path.is_file() for source in _one_line(path)]
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        found += _deb822(path)
    return found


def own_sources(sources: list[Source], release: Release) -> list[Source]:
    """Those of the distribution itself for this release and its updates, without foreign repositories."""
    return [
        source
        for source in sources
        if "main" in source.components
        and (not source.signed_by or f"{release.distribution}-archive" in source.signed_by)
        and any(suite.split("-")[0] in {release.codename, *_ROLLING} for suite in source.suites)
    ]


def base_archive(sources: list[Source], release: Release) -> str | None:
    """Address of the distribution's main archive, the one that also carries its other releases."""
    for source in own_sources(sources, release):
        if any(suite in {release.codename, *_ROLLING} for suite in source.suites):
            return source.uri
    return None


def keyring(distribution: str, directory: Path = Path("/usr/share/keyrings")) -> Path | None:
    """The keys the distribution signs all its releases with."""
    for ending in ("gpg", "pgp"):
        path = directory / f"{distribution}-archive-keyring.{ending}"
        if path.is_file():
            return path
    return None


def _one_line(path: Path) -> Iterator[Source]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        text = line.split("#", 1)[0].strip()
        if not text.startswith("deb "):
            continue
        options, text = "", text[4:].strip()
        if text.startswith("["):
            options, _, text = text[1:].partition("]")
        words = text.split()
        if len(words) < 2:
            continue
        named = dict(word.split("=", 1) for word in shlex.split(options) if "=" in word)
        yield Source(words[0], (words[1],), tuple(words[2:]), named.get("signed-by", ""))


def _deb822(path: Path) -> Iterator[Source]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    for stanza in text.split("\n\n"):
        fields = {
            key.strip().lower(): value.strip()
            for key, _, value in (line.partition(":") for line in stanza.splitlines() if not line.startswith(" "))
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
            yield Source(uri, tuple(suites), tuple(components), fields.get("signed-by", ""))
