GRANT SELECT, INSERT, UPDATE, DELETE ON usage_metrics, usage_hourly, usage_rollup_queue, metric_samples, metric_series,
    process_snapshots, ingest_batches, node_latest TO omega_worker;
GRANT SELECT ON node_latest, metric_series TO omega_portal;

GRANT INSERT ON usage_metrics, metric_samples, process_snapshots TO data_collector;
GRANT SELECT, INSERT ON metric_series, ingest_batches TO data_collector;
GRANT UPDATE (last_sample_at, unit) ON metric_series TO data_collector;
GRANT SELECT, INSERT, UPDATE ON node_latest, usage_rollup_queue TO data_collector;
ALTER TABLE node_latest SET (fillfactor = 70);
ALTER TABLE usage_rollup_queue SET (fillfactor = 50);

CREATE VIEW readable.usage_metrics WITH (security_barrier) AS SELECT * FROM public.usage_metrics;
CREATE VIEW readable.usage_hourly WITH (security_barrier) AS SELECT * FROM public.usage_hourly;
CREATE VIEW readable.metric_samples WITH (security_barrier) AS SELECT * FROM public.metric_samples;
CREATE VIEW readable.process_snapshots WITH (security_barrier) AS SELECT * FROM public.process_snapshots;
GRANT SELECT ON readable.usage_metrics, readable.usage_hourly, readable.metric_samples, readable.process_snapshots
    TO omega_portal, omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly;

SELECT ensure_partitions('usage_metrics', '1 day', now() - interval '8 days', now() + interval '4 days');
SELECT ensure_partitions('metric_samples', '1 day', now() - interval '8 days', now() + interval '4 days');
SELECT ensure_partitions('process_snapshots', '1 day', now() - interval '8 days', now() + interval '4 days');
SELECT ensure_partitions('usage_hourly', '30 days', now() - interval '60 days', now() + interval '60 days');
