-- Marks the hours of a span for nodes (all of them when null), and locks the marks until the caller commits: a job that
-- computes the same hours waits. Returns them.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at, is_urgent)
SELECT n.node_id, hour, %(now)s, true
FROM nodes n
CROSS JOIN generate_series(date_trunc('hour', %(start)s::timestamptz, 'UTC'), %(end)s::timestamptz - interval '1 microsecond',
    interval '1 hour') AS hour
WHERE %(node_ids)s::uuid[] IS NULL OR n.node_id = ANY (%(node_ids)s::uuid[])
ORDER BY n.node_id, hour
ON CONFLICT (node_id, bucket) DO UPDATE SET touched_at = excluded.touched_at, is_urgent = true
RETURNING node_id, bucket
