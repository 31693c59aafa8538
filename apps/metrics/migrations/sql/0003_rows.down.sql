DROP VIEW series.metric_samples, series.usage_metrics, series.usage_hourly, series.process_snapshots, readable.node_latest,
    readable.metric_series;
DROP FUNCTION rows_of_series(text);
SELECT unguard_table('node_latest'), unguard_table('metric_series');
