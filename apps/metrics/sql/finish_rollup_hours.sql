-- Takes the hours that are over off the queue and queues their days; notes when the open ones were computed.
WITH done AS (
    SELECT * FROM unnest(%(node_ids)s::uuid[], %(buckets)s::timestamptz[], %(over)s::boolean[])
        AS done (node_id, bucket, is_over)
), removed AS (
    DELETE FROM usage_rollup_queue q USING done
    WHERE q.node_id = done.node_id AND q.bucket = done.bucket AND done.is_over
    RETURNING q.node_id, q.bucket, q.touched_at
), days AS (
    INSERT INTO usage_rollup_days (node_id, bucket, touched_at)
    SELECT node_id, date_trunc('day', bucket, 'UTC'), max(touched_at) FROM removed GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT DO NOTHING
)
UPDATE usage_rollup_queue q SET rolled_at = coalesce(%(now)s, clock_timestamp())
FROM done WHERE q.node_id = done.node_id AND q.bucket = done.bucket AND NOT done.is_over
