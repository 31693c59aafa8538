-- Marks the hours of rows that were made or changed as out of date.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at)
SELECT DISTINCT m.node_id, date_trunc('hour', m.at, 'UTC') AS bucket, %(now)s
FROM unnest(%(node_ids)s::uuid[], %(at)s::timestamptz[]) AS m (node_id, at)
ORDER BY m.node_id, bucket
ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at, rolled_at = NULL
