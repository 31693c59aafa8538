-- as: analyst
SELECT node_id, timestamp, cpu_percent FROM usage_metrics WHERE cpu_percent > 80 ORDER BY timestamp DESC;
