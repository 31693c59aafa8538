-- Does nothing on TimescaleDB, which makes its own chunks.
SELECT ensure_partitions('usage_metrics', '1 day', %(since)s, %(until)s)
     + ensure_partitions('metric_samples', '1 day', %(since)s, %(until)s)
     + ensure_partitions('process_snapshots', '1 day', %(since)s, %(until)s)
     + ensure_partitions('usage_hourly', '30 days', %(since)s, %(until)s)
     + ensure_partitions('usage_daily', '360 days', %(since)s, %(until)s)
     + ensure_partitions('usage_sketches', '1 day', %(since)s, %(until)s)
     + ensure_partitions('metric_hourly', '7 days', %(since)s, %(until)s) AS made
