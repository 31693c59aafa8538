-- Nodes with something to do, those looked at longest ago first. Two requests may be stored in either order: any other
-- time of contact than the one seen last means something new.
SELECT v.node_id
FROM vitals_sources AS v
JOIN nodes AS n ON n.node_id = v.node_id
WHERE n.collected_at > %(heard_since)s AND (n.collected_at IS DISTINCT FROM v.seen_at OR v.again_at <= %(now)s)
ORDER BY v.looked_at NULLS FIRST, v.node_id
