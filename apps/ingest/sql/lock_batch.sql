-- The same batch twice at once: the second waits here for the first to commit, then finds its receipt.
SELECT pg_advisory_xact_lock(hashtextextended('batch ' || %(node_id)s::text || ' ' || %(batch_id)s::text, 0))
