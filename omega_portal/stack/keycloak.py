"""The Keycloak server's programs, for tests of the log-in: downloaded and prepared once, outside the checkout."""

import os
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omega_portal.stack.console import StackError, say
from omega_portal.stack.files import only_one, write_whole
from omega_portal.stack.java import find_java
from omega_portal.stack.packages import build_once, is_ready

# The newest that Maven Central had when this was written; which ones operators should run stands in docs/keycloak.md.
VERSION = "26.7.4"
JAVA = 21
_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
_PATIENCE_SECONDS = 900
_ADMIN_FILE = "admin_secret"
# What is settled for good when the server is prepared; its database is a file below `data`.
_PREPARED = ("--db=dev-file", "--health-enabled=true")
ADMIN_CLIENT = "omega-tests"
# Variables of whoever runs the tests that would change what the server does.
_FOREIGN = ("KC_", "QUARKUS_", "KEYCLOAK_", "JAVA_", "JDK_")


@dataclass(frozen=True)
class Programs:
    """A prepared server and the runtime that runs it.

    `home` is never written to again. Its `data` holds an empty database with one administrator, the service account
    ADMIN_CLIENT; every start begins with a copy of it.
    """

    home: Path
    java_home: Path

    @property
    def admin_secret(self) -> str:
        """The administrator's secret, made when the server was prepared."""
        return (self.home / _ADMIN_FILE).read_text(encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """Return the variables its script needs, without those of the caller that would change its ways."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {**kept, "JAVA_HOME": str(self.java_home)}


def find_keycloak(cache: Path | None = None) -> Programs:
    """Return the server, downloaded and prepared on first use (176 MB, one to two minutes).

    Raises StackError with the reason when this machine cannot have it: no Maven, no Java, no way to the artifacts.
    """
    cache = cache or cache_directory()
    home = cache / f"keycloak-{VERSION}"
    with only_one(cache / "keycloak.lock"):
        if not is_ready(home) and shutil.which("mvn") is None:
            raise StackError("no Maven (mvn) on PATH to download Keycloak with")
        java_home = find_java(cache, JAVA)
        build_once(home, lambda folder: _build(folder, java_home))
    return Programs(home, java_home)


def cache_directory() -> Path:
    """Return where downloads stay that all checkouts of this person share."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "omega-portal"


def _build(folder: Path, java_home: Path) -> None:
    say(f"downloading Keycloak {VERSION} (once, one to two minutes)")
    _download(folder)
    secret = secrets.token_urlsafe(32)
    write_whole(folder / _ADMIN_FILE, secret, mode=0o600)
    script, environment = str(folder / "bin" / "kc.sh"), Programs(folder, java_home).environment()
    _run([script, "build", *_PREPARED], environment, folder)
    admin = ["bootstrap-admin", "service", "--optimized", f"--client-id={ADMIN_CLIENT}", "--client-secret:env=SECRET"]
    _run([script, *admin], {**environment, "SECRET": secret}, folder)


def _download(folder: Path) -> None:
    """Unpack the server into `folder`; an archive that does not match its published checksum is refused."""
    archives = folder / "archives"
    maven = ["mvn", "--quiet", "--batch-mode", "--strict-checksums", _COPY, f"-Dartifact={_ARTIFACT}"]
    _run([*maven, f"-DoutputDirectory={archives}"], dict(os.environ), folder)
    archive = next(archives.glob("*.tar.gz"), None)
    if archive is None:
        raise StackError("Maven brought no Keycloak")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    shutil.rmtree(archives)
    unpacked = next(folder.glob("keycloak-*"))
    for part in unpacked.iterdir():
        part.rename(folder / part.name)
    unpacked.rmdir()


def _run(command: Sequence[str], environment: dict[str, str], directory: Path) -> None:
    try:
        done = subprocess.run(
            list(command),
            env=environment,
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{Path(command[0]).name} did not finish within {_PATIENCE_SECONDS} s") from error
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        raise StackError(f"{Path(command[0]).name} failed: {said[0] if said else 'no message'}")
