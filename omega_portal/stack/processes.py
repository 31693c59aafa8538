"""Background processes by pid; a record names one process for good, never a later one with its pid."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from omega_portal.stack.files import read_json, write_json
from omega_portal.stack.places import Account, Place, as_account

# Birth of a process that was gone before it could be looked at.
_NEVER = "never"
_LOG_LIMIT_BYTES = 10_000_000
# Kept so that children that end before us are reaped instead of staying zombies.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Record:
    """A started process: `born` tells it from any later process with the same pid."""

    name: str
    pid: int
    born: str
    port: int | None
    fingerprint: str
    started_at: float


@dataclass(frozen=True)
class Launch:
    """How to start one process; `fingerprint` changes when a running one is no longer what is wanted."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    port: int | None = None
    account: Account | None = None
    directory: Path | None = None
    fingerprint: str = ""


def birth(pid: int) -> str | None:
    """A value that differs between any two processes that ever had this pid; None when none runs."""
    _reap()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _birth_by_ps(pid)
    if fields[0] in "ZX":
        return None
    return f"{_boot()}:{fields[19]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _birth_by_ps(pid: int) -> str | None:
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


def _reap() -> None:
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def is_alive(record: Record) -> bool:
    """Whether exactly the recorded process still runs."""
    return birth(record.pid) == record.born


def find(place: Place, name: str) -> Record | None:
    """Return the record of a running process, or None; the record of a dead one is removed."""
    path = place.run / f"{name}.json"
    try:
        record = Record(**read_json(path))
    except TypeError:
        record = None
    if record is not None and is_alive(record):
        return record
    path.unlink(missing_ok=True)
    return None


def remember(place: Place, launch: Launch, pid: int) -> Record:
    """Write the record of a process that runs now; raises ProcessLookupError when it is already gone."""
    born = birth(pid)
    if born is None:
        raise ProcessLookupError(pid)
    return _write(place, launch, pid, born)


def _write(place: Place, launch: Launch, pid: int, born: str) -> Record:
    record = Record(launch.name, pid, born, launch.port, launch.fingerprint, time.time())
    write_json(place.run / f"{launch.name}.json", asdict(record))
    return record


def start(place: Place, launch: Launch) -> Record:
    """Start a process in its own session, its output appended to `log/<name>.log`, and record it.

    The record of one that ended at once is returned too; it is simply not alive.
    """
    log = place.log / f"{launch.name}.log"
    if log.is_file() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(launch.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if launch.environment is None else dict(launch.environment),
            cwd=launch.directory,
            start_new_session=True,
            **as_account(launch.account),
        )
    _children[child.pid] = child
    return _write(place, launch, child.pid, birth(child.pid) or _NEVER)


def signal_all(records: Iterable[Record], how: signal.Signals = signal.SIGTERM) -> None:
    """Ask several processes to end at once, so that waiting for one lets the others proceed."""
    for record in records:
        if is_alive(record):
            os.kill(record.pid, how)


def stop(
    place: Place, record: Record, how: signal.Signals | None = signal.SIGTERM, patience_seconds: float = 10
) -> None:
    """Ask the recorded process to end (unless `how` is None: it was asked), wait, then kill its session.

    A process that only has the same pid is never touched.
    """
    if how is not None:
        signal_all([record], how)
    if not wait_until(lambda: not is_alive(record), patience_seconds) and is_alive(record):
        os.killpg(record.pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(record), 5)
    (place.run / f"{record.name}.json").unlink(missing_ok=True)


def wait_until(check: Callable[[], bool], seconds: float, step_seconds: float = 0.05) -> bool:
    """Return whether `check` became true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(step_seconds)
    return True


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
