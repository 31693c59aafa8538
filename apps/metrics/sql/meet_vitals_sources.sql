-- Nodes that a foreign collector reported on for the first time.
INSERT INTO vitals_sources (node_id, derived_to)
SELECT n.node_id, %(oldest)s
FROM nodes AS n
WHERE n.collected_at > %(heard_since)s AND NOT EXISTS (SELECT FROM vitals_sources AS v WHERE v.node_id = n.node_id)
ORDER BY n.node_id
ON CONFLICT DO NOTHING
