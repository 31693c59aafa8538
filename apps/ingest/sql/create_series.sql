-- Adds wanted series as far as the node's ceiling allows.
INSERT INTO metric_series (tenant_id, node_id, pool_id, session_id, metric_type, unit, labels)
SELECT %(tenant_id)s, %(node_id)s, w.pool, w.session, w.metric_type, w.unit, w.labels
FROM jsonb_to_recordset(%(wanted)s::jsonb)
    AS w (place integer, metric_type text, unit text, labels jsonb, pool uuid, session uuid)
WHERE NOT EXISTS (
    SELECT FROM metric_series s
    WHERE s.tenant_id = %(tenant_id)s AND s.node_id = %(node_id)s AND s.metric_type = w.metric_type
      AND s.labels = w.labels AND s.pool_id IS NOT DISTINCT FROM w.pool
      AND s.session_id IS NOT DISTINCT FROM w.session AND s.storage_pool_id IS NULL
)
ORDER BY w.place
LIMIT greatest(0, %(most)s - (
    SELECT count(*) FROM metric_series s WHERE s.tenant_id = %(tenant_id)s AND s.node_id = %(node_id)s
))
ON CONFLICT DO NOTHING
