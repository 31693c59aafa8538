-- Marks hours that are not over yet. A roll-up computes these now and then and never takes such a mark away,
-- so one that is there is enough, and nobody waits for a roll-up that holds its row.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT m.node_id, to_timestamp(m.hour), %(now)s
FROM unnest(%(node_ids)s::uuid[], %(hours)s::double precision[]) AS m (node_id, hour)
ORDER BY m.node_id, m.hour
ON CONFLICT DO NOTHING
