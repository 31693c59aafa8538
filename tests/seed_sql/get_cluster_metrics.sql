-- as: analyst
SELECT
    metric_type,
    AVG(value) as avg_value,
    MAX(value) as max_value,
    MIN(value) as min_value,
    COUNT(*) as sample_count
FROM node_metrics
WHERE time >= NOW() - INTERVAL '1 hour'
GROUP BY metric_type
ORDER BY metric_type
