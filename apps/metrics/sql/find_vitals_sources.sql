-- Nodes that a foreign collector reported on lately, and from when on their scrapes are to be read: a minute again, so
-- that parts of a scrape which came late find their place. After a longer break reading starts at the next scrape.
WITH watched AS (
    SELECT n.node_id, n.hostname, v.interval_seconds, v.derived_to,
           coalesce(v.derived_to, %(oldest)s) AS reached
    FROM nodes AS n
    LEFT JOIN vitals_sources AS v ON v.node_id = n.node_id
    WHERE n.collected_at > %(heard_since)s
)
SELECT w.node_id, w.hostname, w.interval_seconds, w.derived_to,
       CASE WHEN w.reached > %(recent)s THEN w.reached ELSE next.first_at END AS reached
FROM watched AS w
LEFT JOIN LATERAL (
    SELECT min(found.first_at) AS first_at
    FROM metric_series AS s
    CROSS JOIN LATERAL (
        SELECT m."time" AS first_at FROM metric_samples AS m
        WHERE m.series_id = s.series_id AND m."time" > w.reached AND m."time" > %(oldest)s
        ORDER BY m."time" LIMIT 1
    ) AS found
    WHERE w.reached <= %(recent)s AND s.node_id = w.node_id AND s.metric_type = ANY (%(anchors)s)
) AS next ON true
WHERE w.reached > %(recent)s OR next.first_at IS NOT NULL
ORDER BY w.node_id
