DROP VIEW readable.process_snapshots;
DROP VIEW readable.metric_samples;
DROP VIEW readable.usage_hourly;
DROP VIEW readable.usage_metrics;
REVOKE ALL ON usage_metrics, usage_hourly, usage_rollup_queue, metric_samples, metric_series, process_snapshots,
    ingest_batches, node_latest FROM omega_worker, omega_portal, data_collector;
