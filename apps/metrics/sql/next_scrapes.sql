-- The first scrape of each node after the time it was read up to, which is long ago.
SELECT d.node_id, min(found.first_at) AS first_at
FROM unnest(%(node_ids)s::uuid[], %(reached)s::timestamptz[]) AS d (node_id, reached)
JOIN metric_series AS s ON s.node_id = d.node_id AND s.metric_type = ANY (%(anchors)s)
CROSS JOIN LATERAL (
    SELECT m."time" AS first_at FROM metric_samples AS m
    WHERE m.series_id = s.series_id AND m."time" > d.reached AND m."time" > %(oldest)s
    ORDER BY m."time" LIMIT 1
) AS found
GROUP BY d.node_id
