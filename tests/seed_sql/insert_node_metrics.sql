-- as: omega_operator
INSERT INTO node_metrics (time, node_id, metric_type, value, unit)
VALUES (NOW(), '{node_id}', 'cpu_usage', 42.5, 'percent')
