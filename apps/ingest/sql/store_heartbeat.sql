INSERT INTO node_heartbeats (node_id, "timestamp", config_hash, status, error_message, metrics_data)
VALUES (%(node_id)s, %(now)s, coalesce(%(config_hash)s, ''), %(status)s, %(error)s, %(metrics_data)s::jsonb)
ON CONFLICT DO NOTHING
