-- Marks the hours whose roll-up is out of date. The update locks the row, so a roll-up that runs right now
-- cannot drop the mark of samples it has not seen.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT %(node_id)s, to_timestamp(hour), %(now)s
FROM unnest(%(hours)s::double precision[]) AS hour
ORDER BY hour
ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at
