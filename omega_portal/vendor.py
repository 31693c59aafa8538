"""Fetches the pinned browser code of `static/vendor/vendor.toml` and proves that the copies are unchanged.

Run at development time only: `python -m omega_portal.vendor` needs npm, `--check` needs nothing.
"""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent / "static" / "vendor"
SUMS = ROOT / "SHA256SUMS"
SOURCE_MAP = re.compile(rb"\s*(?://[#@]\s*sourceMappingURL=\S+|/\*[#@]\s*sourceMappingURL=\S+?\s*\*/)")


class VendorError(RuntimeError):
    """What was fetched or found differs from what is pinned."""


def packages() -> list[dict[str, Any]]:
    """The pinned list."""
    listed: list[dict[str, Any]] = tomllib.loads((ROOT / "vendor.toml").read_text(encoding="utf-8"))["package"]
    return listed


def fetch_archive(name: str, version: str, sha256: str) -> bytes:
    """The package's archive, refused when its sum differs from the pinned one."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{version}", "--silent"]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        content = (Path(folder) / done.stdout.strip().splitlines()[-1]).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise VendorError(f"{name} {version}: sha256 is {found}, pinned is {sha256}")
    return content


def symbol(name: str, svg: str) -> str:
    """One icon as a sprite symbol: its shapes only, so colour and size come from the page."""
    shapes = re.sub(r"\s+", " ", re.sub(r"<svg.*?>|</svg>|<!--.*?-->", "", svg, flags=re.DOTALL)).strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def sprite(archive: tarfile.TarFile, source: str, names: list[str]) -> bytes:
    """All wanted icons in one file, so that a page needs a single request."""
    symbols = [symbol(name, read(archive, f"{source}/{name}.svg").decode()) for name in names]
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


def read(archive: tarfile.TarFile, path: str) -> bytes:
    """One file of a package."""
    member = archive.extractfile(f"package/{path}")
    if member is None:
        raise VendorError(f"{path} is not a file")
    return member.read()


def contents(package: dict[str, Any]) -> dict[str, bytes]:
    """What a package puts under static/vendor, by path; source map comments are cut, since maps are not kept."""
    content = fetch_archive(package["name"], package["version"], package["sha256"])
    folder = package["folder"]
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        wanted = {f"{folder}/{to}": SOURCE_MAP.sub(b"", read(archive, path)) for path, to in package["files"].items()}
        if icons := package.get("sprite"):
            wanted[f"{folder}/{icons['file']}"] = sprite(archive, icons["source"], icons["names"])
    return wanted


def fetch_all() -> None:
    """Writes every pinned file and the list of their sums."""
    lines = []
    for package in packages():
        for path, content in contents(package).items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_bytes(content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {path}\n")
    SUMS.write_text("".join(sorted(lines, key=lambda line: line[66:])), encoding="utf-8")


def differences() -> list[str]:
    """Files that are missing or no longer what was fetched; empty when all is well."""
    pairs = (line.split("  ", 1) for line in SUMS.read_text(encoding="utf-8").splitlines())
    return [path for sha256, path in pairs if not same(ROOT / path, sha256)]


def same(path: Path, sha256: str) -> bool:
    """Whether a file is there with exactly this sum."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def main(arguments: list[str]) -> int:
    """Fetches, or with --check compares; the exit code tells whether all is as pinned."""
    if "--check" not in arguments:
        fetch_all()
    wrong = differences()
    for path in wrong:
        sys.stderr.write(f"differs: {path}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
