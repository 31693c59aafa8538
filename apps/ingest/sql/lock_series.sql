-- One at a time adds series of a node, so that its ceiling holds; nodes in order, so that nobody waits in a circle.
SELECT pg_advisory_xact_lock(hashtextextended('series of ' || node_id::text, 0))
FROM (SELECT node_id FROM unnest(%(node_ids)s::uuid[]) AS node_id ORDER BY node_id) AS ordered
