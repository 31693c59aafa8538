-- What log-ins of admins may correct by SQL. People and their roles are changed in the portal, which ends sessions too.
ALTER VIEW readable.tenants SET (check_option = cascaded);
ALTER VIEW readable.quotas SET (check_option = cascaded);
GRANT UPDATE (name, node_limit) ON readable.tenants TO omega_admin;
GRANT UPDATE (cpu_cores, memory_gb, gpus, storage_gb, concurrent_sessions, grace_minutes, expires_at, comment)
    ON readable.quotas TO omega_admin;
