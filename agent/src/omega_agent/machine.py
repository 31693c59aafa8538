"""Who this machine is, for enrolment; everything that cannot be read is left out."""

import platform
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from omega_agent import __version__
from omega_agent.devices import total_storage_bytes
from omega_agent.errors import AgentError
from omega_agent.gpu import Gpu, GpuReader

MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
GIGA = 1e9
FAR_AWAY = "192.0.2.1"  # reserved for documentation: no such host, but a route


def read_machine(server: str, machine_id: str = "") -> dict[str, Any]:
    """The facts sent with enrolment: sizes in GB of 10^9 bytes, the address on the portal's side."""
    facts = {
        "hostname": platform.node(),
        "machine_id": machine_id or read_machine_id(),
        "agent_version": __version__,
        "os_name": read_os_name(),
        "cpu_model": read_cpu_model(),
        "total_cpu_cores": psutil.cpu_count(),
        "total_memory_gb": round(psutil.virtual_memory().total / GIGA, 3),
        "total_storage_gb": round(total_storage_bytes() / GIGA, 3),
        "ip_address": address_towards(server),
        **_gpu_facts(GpuReader().read()),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def read_machine_id(files: tuple[Path, ...] = MACHINE_ID_FILES) -> str:
    """The operating system's id of this installation; AgentError where there is none."""
    for path in files:
        try:
            if machine_id := path.read_text(encoding="ascii").strip():
                return machine_id
        except (OSError, UnicodeDecodeError):
            continue
    raise AgentError(f"{files[0]} is missing or empty; run `systemd-machine-id-setup` (or give --machine-id) first.")


def read_os_name() -> str:
    """The distribution's own name for itself, else the kernel's."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "") or platform.platform()
    except OSError:
        return platform.platform()


def read_cpu_model(path: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name."""
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def address_towards(server: str) -> str | None:
    """The local address the kernel would use to reach the server; nothing is sent.

    A portal on this very machine is reached over loopback, which says nothing; then the way out is taken.
    """
    parts = urlsplit(server)
    address = _own_address(str(parts.hostname), parts.port or 443)
    is_telling = address is not None and not ip_address(address).is_loopback
    return address if is_telling else _own_address(FAR_AWAY, 443) or address


def _own_address(host: str, port: int) -> str | None:
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(target)
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return None


def _gpu_facts(cards: list[Gpu]) -> dict[str, Any]:
    return {"gpu_model": cards[0].model, "gpu_count": len(cards)} if cards else {}
