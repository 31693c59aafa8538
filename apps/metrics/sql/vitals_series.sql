-- Series of some nodes that vitals may be made of; of those that show scrapes the newest sample within the node's span.
SELECT d.node_id, s.series_id, s.metric_type, s.labels, newest.epoch
FROM unnest(%(node_ids)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d (node_id, starts, ends)
JOIN metric_series AS s ON s.node_id = d.node_id AND s.metric_type = ANY (%(names)s)
LEFT JOIN LATERAL (
    SELECT extract(epoch FROM m."time")::double precision AS epoch FROM metric_samples AS m
    WHERE m.series_id = s.series_id AND m."time" >= d.starts AND m."time" < d.ends
      AND m."time" >= %(oldest)s AND s.metric_type = ANY (%(anchors)s)
    ORDER BY m."time" DESC LIMIT 1
) AS newest ON true
ORDER BY d.node_id, s.series_id
