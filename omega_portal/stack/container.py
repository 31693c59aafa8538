"""TimescaleDB in a container, where an engine answers and packages cannot be had."""

import hashlib
import shutil
import subprocess

import psycopg

from omega_portal.stack.console import StackError, say
from omega_portal.stack.credentials import secret
from omega_portal.stack.places import Place
from omega_portal.stack.ports import choose_port, remembered_port
from omega_portal.stack.processes import wait_until

_IMAGE = "timescale/timescaledb:2.19.3-pg17"
_PORT_NAME = "container"
_OWNER = "omega_owner"


def engine() -> str | None:
    """The container engine that answers on this machine, or None."""
    for name in ("docker", "podman"):
        program = shutil.which(name)
        if program is not None and _call(program, "info", patience_seconds=10) is not None:
            return program
    return None


def container_name(place: Place) -> str:
    """Name of this installation's container and volume."""
    return f"omega-portal-{hashlib.sha256(str(place.root.resolve()).encode()).hexdigest()[:12]}"


def container_database(place: Place, preferred_port: int) -> tuple[str, str] | None:
    """Return owner's and administrator's address of a database in a container, or None without an engine."""
    program = engine()
    if program is None:
        return None
    name = container_name(place)
    if _call(program, "start", name) is None:
        _create(place, program, name, choose_port(place, _PORT_NAME, preferred_port))
    port = remembered_port(place, _PORT_NAME)
    address = f"{secret(place, 'container')}@127.0.0.1:{port}"
    owner, admin = f"postgresql://{_OWNER}:{address}/omega", f"postgresql://{_OWNER}:{address}/postgres"
    if not wait_until(lambda: _answers(owner), 60, 0.5):
        raise StackError(f"the database container {name} does not answer; see: {program} logs {name}")
    return owner, admin


def stop_container(place: Place, *, remove: bool = False) -> None:
    """Stop this installation's container if there is one; `remove` deletes it and its data too."""
    if remembered_port(place, _PORT_NAME) is None:
        return
    program = engine()
    if program is not None:
        name = container_name(place)
        _call(program, "stop", name)
        if remove:
            _call(program, "rm", "--force", name)
            _call(program, "volume", "rm", name)


def _create(place: Place, program: str, name: str, port: int) -> None:
    say(f"starting {_IMAGE} with {program}")
    command = ["run", "--detach", "--name", name, "--publish", f"127.0.0.1:{port}:5432"]
    command += ["--env", f"POSTGRES_USER={_OWNER}", "--env", "POSTGRES_DB=omega"]
    command += ["--env", f"POSTGRES_PASSWORD={secret(place, 'container')}"]
    command += ["--volume", f"{name}:/var/lib/postgresql/data", _IMAGE, "postgres"]
    command += ["-c", "shared_preload_libraries=timescaledb,pg_stat_statements", "-c", "max_connections=200"]
    if _call(program, *command, patience_seconds=300) is None:
        raise StackError(f"{program} could not start {_IMAGE}")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _call(program: str, *arguments: str, patience_seconds: float = 60) -> str | None:
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=False, timeout=patience_seconds
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
