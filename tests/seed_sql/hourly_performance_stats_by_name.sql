-- as: analyst
SELECT time_bucket, node_id, avg, max, percentile_cont FROM hourly_performance_stats;
