-- Takes those of some nodes that still have something to do and that no other worker is at; `own_at` is the newest
-- vital that the node sent by itself.
SELECT v.node_id, n.hostname, n.collected_at, v.derived_to, v.own_until, v.done, v.hostname AS known_as, v.newest_series,
       v.series, newest.series_id AS newest,
       CASE WHEN v.newest_at IS NULL OR l.at > v.newest_at THEN l.at END AS own_at
FROM vitals_sources AS v
JOIN nodes AS n ON n.node_id = v.node_id
LEFT JOIN node_latest AS l ON l.node_id = v.node_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(s.series_id), 0) AS series_id
    FROM metric_series AS s
    WHERE s.node_id = v.node_id AND s.metric_type = ANY (%(names)s)
) AS newest
WHERE v.node_id = ANY (%(node_ids)s::uuid[])
  AND (n.collected_at IS DISTINCT FROM v.seen_at OR v.again_at <= %(now)s)
ORDER BY v.node_id
FOR NO KEY UPDATE OF v SKIP LOCKED
