"""What a measurement ran on: the machine, the versions, the durability of a commit."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "wal_sync_method", "jit")


def machine() -> dict[str, Any]:
    """Return cores, memory in GB (10^9 bytes; None where it cannot be told) and the kind of machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if "SC_PHYS_PAGES" in os.sysconf_names else None
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(pages / 1e9, 1) if pages else None,
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(url: str) -> dict[str, Any]:
    """Return the versions of what took part, and the server's settings that decide what a commit means."""
    with psycopg.connect(url) as connection:
        server = connection.execute("SHOW server_version").fetchone()
        extension = connection.execute(
            "SELECT extversion, current_setting('timescaledb.license', true) FROM pg_extension"
            " WHERE extname = 'timescaledb'"
        ).fetchone()
        settings = {name: str((connection.execute(f"SHOW {name}").fetchone() or [""])[0]) for name in SHOWN}
    return {
        "python": sys.version.split()[0],
        "django": version("django"),
        "psycopg": version("psycopg"),
        "postgresql": str(server[0]) if server else "",
        "timescaledb": f"{extension[0]} ({extension[1]})" if extension else "none",
        "settings": settings,
    }


def memory_mb(pid: int) -> float | None:
    """Return the memory a process holds now (RSS, 10^6 bytes); None where the system does not tell."""
    return _status_mb(pid, "VmRSS")


def peak_memory_mb(pid: int) -> float | None:
    """Return the most memory a process ever held (RSS, 10^6 bytes); None where the system does not tell."""
    return _status_mb(pid, "VmHWM")


def _status_mb(pid: int, name: str) -> float | None:
    """Return a line of Linux' own account of a process, in 10^6 bytes."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = next((line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:")), None)
    return int(found) * 1024 / 1e6 if found else None
