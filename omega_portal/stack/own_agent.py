"""The agent that reports this very machine: enrolled once, then a process like the others."""

import hashlib
import subprocess
import sys
from pathlib import Path

from omega_portal.stack.console import StackError
from omega_portal.stack.credentials import secret
from omega_portal.stack.environment import full_environment
from omega_portal.stack.files import read_json, write_json
from omega_portal.stack.management import enrollment_token
from omega_portal.stack.portal import AGENT, Portal
from omega_portal.stack.processes import Launch, find, start, stop

_SYSTEM_ID = Path("/etc/machine-id")


def ensure_agent(portal: Portal) -> None:
    """Have the agent of this machine running, enrolled with this portal and this database."""
    config = portal.place.root / "agent" / "agent.toml"
    launch = Launch(
        AGENT,
        (_program(), "run", "--config", str(config)),
        full_environment({"PYTHONUNBUFFERED": "1"}),
        fingerprint=home(portal),
    )
    record = find(portal.place, AGENT)
    if record is not None and record.fingerprint == launch.fingerprint:
        return
    if record is not None:
        stop(portal.place, record)
    _enrol(portal, config)
    start(portal.place, launch)


def _enrol(portal: Portal, config: Path) -> None:
    """Enrol unless the configuration already belongs to this portal; the node stays the same one."""
    note = config.with_name("enrolled.json")
    if config.is_file() and read_json(note).get("portal") == home(portal):
        return
    config.parent.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{portal.where.web_port}"
    command = [
        _program(),
        "enroll",
        "--server",
        url,
        "--token",
        enrollment_token(portal),
        "--config",
        str(config),
    ]
    command += _machine_id(portal)
    environment = full_environment({})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"this machine's agent could not enrol: {(done.stderr or done.stdout).strip()}")
    write_json(note, {"portal": home(portal)})


def _machine_id(portal: Portal) -> list[str]:
    """An identity for machines that have none, as in containers; kept with the installation."""
    if _SYSTEM_ID.is_file() and _SYSTEM_ID.read_text(encoding="ascii").strip():
        return []
    return ["--machine-id", hashlib.sha256(secret(portal.place, "machine_id").encode()).hexdigest()[:32]]


def home(portal: Portal) -> str:
    """Changes when what the agent's configuration says does: the ports here, where it delivers, the database."""
    where = portal.where
    # Not PUBLIC_URL: the agent enrols over loopback. But it keeps the delivery address it was told then.
    known = (where.web_port, where.ingest_port, where.ingest_public_url, portal.servers.database_url)
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _program() -> str:
    return str(Path(sys.executable).with_name("omega-agent"))
