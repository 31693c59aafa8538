-- as: analyst
SELECT
    'postgresql' as service,
    pg_is_in_recovery() as is_replica,
    pg_database_size(current_database()) as size_bytes,
    (SELECT count(*) FROM pg_stat_activity WHERE state = 'active') as active_connections;
