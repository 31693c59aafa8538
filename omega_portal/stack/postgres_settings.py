"""Settings of our PostgreSQL servers: sensible for a laptop, faithful to what production runs."""

import os

_MIB = 1024 * 1024


def memory_bytes() -> int:
    """Physical memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def server_settings(port: int, has_timescale: bool, is_disposable: bool) -> str:
    """Return the configuration file for a server on this port.

    A disposable server (tests) skips the flushes that only matter when the whole machine loses power;
    what it acknowledged still survives a kill of the server.
    """
    shared = min(max(memory_bytes() // 8 // _MIB, 64), 512)
    libraries = "timescaledb,pg_stat_statements" if has_timescale else "pg_stat_statements"
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "port": str(port),
        "unix_socket_directories": "''",
        "max_connections": "200",
        "shared_preload_libraries": f"'{libraries}'",
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(memory_bytes() // 2 // _MIB, 128)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "max_worker_processes": "16",
        "max_locks_per_transaction": "256",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_lock_waits": "on",
        "log_min_duration_statement": "2s",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "track_io_timing": "on",
    }
    if has_timescale:
        settings |= {"timescaledb.telemetry_level": "off", "timescaledb.max_background_workers": "8"}
    if is_disposable:
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return "".join(f"{name} = {value}\n" for name, value in settings.items())
