-- as: analyst
SELECT
    COUNT(*) as total_nodes,
    COUNT(*) FILTER (WHERE status = 'active') as active_nodes,
    AVG(cpu_usage) as avg_cpu_utilization,
    AVG(memory_usage) as avg_memory_utilization
FROM nodes n
LEFT JOIN LATERAL (
    SELECT value as cpu_usage
    FROM node_metrics
    WHERE node_id = n.node_id
      AND metric_type = 'cpu_usage'
      AND time >= NOW() - INTERVAL '5 minutes'
    ORDER BY time DESC
    LIMIT 1
) cpu ON true
LEFT JOIN LATERAL (
    SELECT value as memory_usage
    FROM node_metrics
    WHERE node_id = n.node_id
      AND metric_type = 'memory_usage'
      AND time >= NOW() - INTERVAL '5 minutes'
    ORDER BY time DESC
    LIMIT 1
) mem ON true;
