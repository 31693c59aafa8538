-- One at a time adds series of a node, so that its ceiling holds.
SELECT pg_advisory_xact_lock(hashtextextended('series of ' || %(node_id)s::text, 0))
