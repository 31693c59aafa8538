DROP INDEX IF EXISTS usage_metrics_time, metric_samples_time;
DROP TABLE usage_sketches;
DROP TABLE usage_hourly;
DROP TABLE usage_daily;
DROP TABLE metric_hourly;
