SELECT delete_job(job_id) FROM timescaledb_information.jobs WHERE proc_schema = 'public' AND proc_name = 'refresh_rollups';
DROP PROCEDURE refresh_rollups(integer, jsonb);
DROP VIEW usage_sketches;
DROP MATERIALIZED VIEW usage_sketches_wide;
DROP MATERIALIZED VIEW usage_hourly;
DROP MATERIALIZED VIEW usage_daily;
DROP MATERIALIZED VIEW metric_hourly;
SELECT remove_compression_policy(name::regclass, if_exists => true), remove_retention_policy(name::regclass, if_exists => true)
FROM unnest(ARRAY['usage_metrics', 'metric_samples', 'process_snapshots', 'node_heartbeats']) AS name;
SELECT decompress_chunk(chunk, if_compressed => true)
FROM unnest(ARRAY['usage_metrics', 'metric_samples', 'process_snapshots', 'node_heartbeats']) AS name, show_chunks(name::regclass) AS chunk;
ALTER TABLE usage_metrics SET (timescaledb.compress = false);
ALTER TABLE metric_samples SET (timescaledb.compress = false);
ALTER TABLE process_snapshots SET (timescaledb.compress = false);
ALTER TABLE node_heartbeats SET (timescaledb.compress = false);
