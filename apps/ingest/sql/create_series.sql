-- Adds wanted series as far as the ceiling of each node allows.
WITH wanted AS (
    SELECT w.*, row_number() OVER (PARTITION BY w.node ORDER BY w.place) AS number
    FROM jsonb_to_recordset(%(wanted)s::jsonb) AS w (
        place integer, tenant uuid, node uuid, metric_type text, unit text, kind text, labels jsonb, pool uuid,
        session uuid
    )
    WHERE NOT EXISTS (
        SELECT FROM metric_series s
        WHERE s.tenant_id = w.tenant AND s.node_id = w.node AND s.metric_type = w.metric_type
          AND s.labels = w.labels AND s.pool_id IS NOT DISTINCT FROM w.pool
          AND s.session_id IS NOT DISTINCT FROM w.session AND s.storage_pool_id IS NULL
    )
), room AS (
    SELECT w.node, %(most)s - (
        SELECT count(*) FROM metric_series s WHERE s.tenant_id = w.tenant AND s.node_id = w.node
    ) AS free
    FROM wanted w
    GROUP BY w.tenant, w.node
)
INSERT INTO metric_series (tenant_id, node_id, pool_id, session_id, metric_type, unit, kind, labels)
SELECT w.tenant, w.node, w.pool, w.session, w.metric_type, w.unit, w.kind, w.labels
FROM wanted w
JOIN room r USING (node)
WHERE w.number <= r.free
ORDER BY w.node, w.place
ON CONFLICT DO NOTHING
