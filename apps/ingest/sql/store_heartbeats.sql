INSERT INTO node_heartbeats (node_id, "timestamp", config_hash, status, error_message, metrics_data)
SELECT b.node_id, b.at, coalesce(b.config_hash, ''), b.status, b.error, b.metrics_data
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS b (node_id uuid, at timestamptz, config_hash text, status text, error text, metrics_data jsonb)
ORDER BY b.node_id, b.at
ON CONFLICT DO NOTHING
