"""The newest vitals of the whole fleet as JSON, written by the database: no Python object is made for any value."""

from typing import Final

from apps.core.sql import fetch_all

# In the order of the column as_json of node_latest; times are seconds since 1970.
COLUMNS: Final = (
    "node_id", "cpu_per_core", "process_count", "cpu_percent", "cpu_temp", "load_1m", "ram_percent", "ram_used_gb",
    "swap_percent", "gpu_utilization", "gpu_memory_percent", "gpu_temp", "disk_percent", "disk_read_mb_s",
    "disk_write_mb_s", "disk_io_wait_percent", "net_sent_mb_s", "net_recv_mb_s", "uptime_seconds", "at", "received_at",
)  # fmt: skip
HEAD: Final = '{"columns":[' + ",".join(f'"{name}"' for name in COLUMNS) + '],"rows":['


def fleet_latest() -> bytes:
    """Return `{"columns": [...], "rows": [[...], ...]}`, a row for each visible node that ever sent vitals."""
    rows: str = fetch_all(__file__, "fleet_latest.sql", {})[0]["found"]
    return f"{HEAD}{rows}]}}".encode()
