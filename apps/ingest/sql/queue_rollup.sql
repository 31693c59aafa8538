-- Marks hours that are over as out of date. The update locks the row, so a roll-up that runs right now
-- cannot drop the mark of samples it has not seen.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT m.node_id, to_timestamp(m.hour), %(now)s
FROM unnest(%(node_ids)s::uuid[], %(hours)s::double precision[]) AS m (node_id, hour)
ORDER BY m.node_id, m.hour
ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at, rolled_at = NULL
