DROP VIEW series.metric_samples, series.usage_metrics, series.usage_hourly, series.process_snapshots, readable.node_latest,
    readable.metric_series, readable.metric_samples, readable.usage_metrics, readable.usage_hourly, readable.process_snapshots;
DROP FUNCTION rows_of_series(text);
SELECT unguard_table('node_latest'), unguard_table('metric_series');
CREATE VIEW readable.usage_metrics WITH (security_barrier) AS SELECT * FROM public.usage_metrics;
CREATE VIEW readable.usage_hourly WITH (security_barrier) AS SELECT * FROM public.usage_hourly;
CREATE VIEW readable.metric_samples WITH (security_barrier) AS SELECT * FROM public.metric_samples;
CREATE VIEW readable.process_snapshots WITH (security_barrier) AS SELECT * FROM public.process_snapshots;
GRANT SELECT ON readable.usage_metrics, readable.usage_hourly, readable.metric_samples, readable.process_snapshots
    TO omega_portal, omega_admin, omega_operator, analyst, omega_readonly, dashboard_readonly;
