-- Which of the wanted series exist; `is_stale` ones need their last sample time or unit written.
SELECT w.place, s.series_id,
       (s.last_sample_at IS NULL
        OR s.last_sample_at < to_timestamp(w.newest) - interval '1 minute'
        OR (w.unit <> '' AND w.unit <> s.unit)) AS is_stale
FROM jsonb_to_recordset(%(wanted)s::jsonb)
    AS w (place integer, metric_type text, unit text, labels jsonb, pool uuid, session uuid, newest double precision)
JOIN metric_series s
    ON s.tenant_id = %(tenant_id)s
   AND s.node_id = %(node_id)s
   AND s.metric_type = w.metric_type
   AND s.labels = w.labels
   AND s.pool_id IS NOT DISTINCT FROM w.pool
   AND s.session_id IS NOT DISTINCT FROM w.session
   AND s.storage_pool_id IS NULL
