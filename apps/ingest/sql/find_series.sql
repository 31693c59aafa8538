-- Which of the wanted series exist.
SELECT w.place, s.series_id, s.last_sample_at, s.unit, s.kind
FROM jsonb_to_recordset(%(wanted)s::jsonb)
    AS w (place integer, tenant uuid, node uuid, metric_type text, labels jsonb, pool uuid, session uuid)
JOIN metric_series s
    ON s.tenant_id = w.tenant
   AND s.node_id = w.node
   AND s.metric_type = w.metric_type
   AND s.labels = w.labels
   AND s.pool_id IS NOT DISTINCT FROM w.pool
   AND s.session_id IS NOT DISTINCT FROM w.session
   AND s.storage_pool_id IS NULL
