REVOKE UPDATE (name, node_limit) ON readable.tenants FROM omega_admin;
REVOKE UPDATE (cpu_cores, memory_gb, gpus, storage_gb, concurrent_sessions, grace_minutes, expires_at, comment)
    ON readable.quotas FROM omega_admin;
