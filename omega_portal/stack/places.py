"""Where an installation keeps its files, and as whom its servers run."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omega_portal.stack.console import StackError
from omega_portal.stack.files import write_whole

CHECKOUT = Path(__file__).resolve().parents[2]
# Database servers refuse to run as root; these system accounts exist on every distribution we know.
_UNPRIVILEGED = ("postgres", "nobody")
_ELSEWHERE = Path("/var/lib")


@dataclass(frozen=True)
class Account:
    """The unprivileged user that servers run as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """One installation: `root` holds records and secrets, `data` is the servers'."""

    root: Path
    data: Path
    programs: Path
    account: Account | None

    @property
    def log(self) -> Path:
        """Directory of log files, one a process."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Directory of process records."""
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        """Directory of generated secrets, readable by their owner only."""
        return self.root / "secrets"

    @property
    def ports_file(self) -> Path:
        """Which port each process had last time."""
        return self.root / "ports.json"

    @property
    def lock_file(self) -> Path:
        """Held while processes are started or stopped."""
        return self.root / "lock"


def open_place(local: Path, name: str = "") -> Place:
    """Return the installation `name` below `local`, its directories made.

    Programs are shared by all installations of one `local`. When the unprivileged account cannot reach
    `local` (a parent is closed to it), data and programs live below /var/lib and `local/elsewhere` names
    that directory.
    """
    local.mkdir(parents=True, exist_ok=True)
    root = local / name if name else local
    account = _account()
    base = local
    if account is not None and not can_reach(local, account):
        base = _elsewhere(local)
    data = (base / name if name else base) / "data"
    programs = base / "programs"
    for directory in (root, data, programs, root / "log", root / "run"):
        directory.mkdir(parents=True, exist_ok=True)
    for directory in (local, root, base, data.parent, data, programs):
        directory.chmod(0o755)
    (root / "log").chmod(0o700)
    (root / "secrets").mkdir(mode=0o700, exist_ok=True)
    return Place(root, data, programs, account)


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account may enter this directory or execute this file."""
    return subprocess.run(["test", "-x", str(path)], check=False, **as_account(account)).returncode == 0


def as_account(account: Account | None) -> dict[str, Any]:
    """Arguments that make `subprocess` run a program as this account; none for None."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def give(path: Path, account: Account | None) -> None:
    """Make the account the owner of a file; None leaves it ours."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def owned_directory(place: Place, name: str) -> Path:
    """Return the directory `name` of the place's data, private to the account that servers run as."""
    directory = place.data / name
    directory.mkdir(mode=0o700, exist_ok=True)
    give(directory, place.account)
    return directory


def remove_place(local: Path) -> None:
    """Delete everything below `local` and what it keeps elsewhere."""
    note = local / "elsewhere"
    if note.is_file():
        elsewhere = Path(note.read_text(encoding="utf-8").strip())
        if elsewhere.parent == _ELSEWHERE and elsewhere.name.startswith("omega-portal-"):
            shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(local, ignore_errors=True)


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StackError("running as root, but there is neither a 'postgres' nor a 'nobody' user to run servers as")


def _elsewhere(local: Path) -> Path:
    digest = hashlib.sha256(str(local.resolve()).encode()).hexdigest()[:12]
    directory = _ELSEWHERE / f"omega-portal-{digest}"
    directory.mkdir(mode=0o755, exist_ok=True)
    write_whole(local / "elsewhere", f"{directory}\n")
    return directory
