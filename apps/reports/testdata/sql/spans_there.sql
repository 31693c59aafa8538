-- One look at each end of a node's samples, by the primary key, instead of reading them all.
SELECT n.node_id, first.timestamp AS first, last.timestamp AS last
FROM unnest(%(nodes)s::uuid[]) AS n (node_id)
CROSS JOIN LATERAL (
    SELECT u.timestamp FROM usage_metrics u WHERE u.node_id = n.node_id ORDER BY u.timestamp LIMIT 1
) AS first
CROSS JOIN LATERAL (
    SELECT u.timestamp FROM usage_metrics u WHERE u.node_id = n.node_id ORDER BY u.timestamp DESC LIMIT 1
) AS last
