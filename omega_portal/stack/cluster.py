"""A PostgreSQL data directory of ours: where it is, how it is made and configured."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from omega_portal.stack.console import StackError
from omega_portal.stack.credentials import secret
from omega_portal.stack.files import write_whole
from omega_portal.stack.places import Place, as_account, give, owned_directory
from omega_portal.stack.postgres_settings import server_settings

DATABASE = "omega"
OWNER = "omega_owner"
SUPERUSER = "postgres"
_SETTINGS = "omega.conf"


@dataclass(frozen=True)
class Cluster:
    """A data directory with the programs that serve it; `name` is also that of its process, port and log."""

    place: Place
    name: str
    programs: Path
    has_timescale: bool
    is_disposable: bool = False
    preferred_port: int | None = None

    @property
    def directory(self) -> Path:
        """Where the server keeps its data."""
        return self.place.data / self.name

    def url(self, port: int, role: str = OWNER, database: str = DATABASE) -> str:
        """Connection address for the owner or the superuser."""
        return server_url(self.place, self.name, port, role, database)


def server_url(place: Place, name: str, port: int, role: str, database: str) -> str:
    """Connection address for a role whose password is one of the installation's secrets."""
    return f"postgresql://{role}:{secret(place, f'{name}-{role}')}@127.0.0.1:{port}/{database}"


def is_made(place: Place, name: str) -> bool:
    """Whether a complete data directory of this name exists."""
    return (place.data / name).is_dir()


def create(cluster: Cluster) -> None:
    """Make the data directory unless it exists; an interrupted attempt leaves nothing that looks like one."""
    if is_made(cluster.place, cluster.name):
        return
    shutil.rmtree(cluster.place.data / f".{cluster.name}.partial", ignore_errors=True)
    partial = owned_directory(cluster.place, f".{cluster.name}.partial")
    _initialise(cluster, partial)
    with (partial / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(f"\ninclude '{_SETTINGS}'\n")
    partial.rename(cluster.directory)


def configure(cluster: Cluster, port: int) -> None:
    """Write the settings the server starts with."""
    path = cluster.directory / _SETTINGS
    write_whole(path, server_settings(port, cluster.has_timescale, cluster.is_disposable), mode=0o600)
    give(path, cluster.place.account)


def _initialise(cluster: Cluster, directory: Path) -> None:
    account = cluster.place.account
    with tempfile.NamedTemporaryFile("w", prefix="omega-") as password:
        password.write(secret(cluster.place, f"{cluster.name}-{SUPERUSER}"))
        password.flush()
        give(Path(password.name), account)
        command = [str(cluster.programs / "initdb"), "-D", str(directory), "-U", SUPERUSER, "--encoding=UTF8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password.name}", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, check=False, **as_account(account)
        )
    if done.returncode:
        raise StackError(f"initdb failed: {done.stderr.strip()}")
