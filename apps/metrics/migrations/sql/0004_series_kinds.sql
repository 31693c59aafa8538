GRANT UPDATE (kind, stale_at) ON metric_series TO data_collector;
-- A receipt is written before its samples, so that the same batch sent twice at once waits; its counts come after.
GRANT UPDATE (accepted, duplicate) ON ingest_batches TO data_collector;
ALTER TABLE ingest_batches SET (fillfactor = 80);
ALTER TABLE metric_series SET (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE, DELETE ON metric_families TO omega_worker;
GRANT SELECT, INSERT, UPDATE (kind, unit, help) ON metric_families TO data_collector;
GRANT SELECT ON metric_families TO omega_portal;
SELECT guard_table('metric_families', reads => rows_of_tenant(), writes => only_roles('SYSTEM'),
    others => '{omega_worker,data_collector}');
SELECT publish_view('readable', 'metric_families', rows_of_tenant(), fleet_readers());
