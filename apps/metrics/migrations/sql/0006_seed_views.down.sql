DROP VIEW readable.hourly_performance_stats, readable.metrics, readable.session_metrics, readable.node_metrics;
DROP VIEW readable.usage_sketches, series.usage_sketches;
DROP VIEW IF EXISTS fences.usage_sketches_wide;
DROP VIEW fences.samples, fences.usage_metrics, fences.usage_hourly;
DROP SCHEMA fences;
DROP FUNCTION node_metrics_add(), node_metrics_add_vital(uuid, timestamptz, text, float8),
    node_metrics_add_named(uuid, uuid, timestamptz, text, float8, text), node_metrics_record(uuid, uuid), narrow_vitals();
