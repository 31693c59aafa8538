-- as: analyst
SELECT
    time_bucket('1 hour', timestamp),
    node_id,
    AVG(cpu_percent), MAX(cpu_percent),
    PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY cpu_percent)
FROM usage_metrics
GROUP BY time_bucket, node_id;
