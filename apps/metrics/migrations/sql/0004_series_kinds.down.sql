DROP VIEW readable.metric_families;
SELECT unguard_table('metric_families');
REVOKE ALL ON metric_families FROM omega_worker, data_collector, omega_portal;
ALTER TABLE metric_series RESET (fillfactor);
ALTER TABLE ingest_batches RESET (fillfactor);
REVOKE UPDATE (accepted, duplicate) ON ingest_batches FROM data_collector;
REVOKE UPDATE (kind, stale_at) ON metric_series FROM data_collector;
