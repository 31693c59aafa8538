-- The samples of the series that vitals are made of, for some nodes, each within its own span.
SELECT d.node_id, s.metric_type, s.labels,
       array_agg(extract(epoch FROM m."time")::double precision ORDER BY m."time") AS times,
       array_agg(m.value ORDER BY m."time") AS "values"
FROM unnest(%(node_ids)s::uuid[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d (node_id, starts, ends)
JOIN metric_series AS s ON s.node_id = d.node_id AND s.metric_type = ANY (%(names)s)
JOIN metric_samples AS m ON m.series_id = s.series_id AND m."time" >= d.starts AND m."time" < d.ends
WHERE m."time" >= %(oldest)s AND m."time" < %(newest)s
GROUP BY d.node_id, s.series_id
