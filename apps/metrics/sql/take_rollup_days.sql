-- Takes up to %(limit)s days of nodes off the queue that are over and of which no hour waits.
DELETE FROM usage_rollup_days d
USING (
    SELECT node_id, bucket FROM usage_rollup_days
    WHERE bucket + interval '1 day' <= %(finished_until)s
      AND NOT EXISTS (
        SELECT FROM usage_rollup_queue q WHERE q.node_id = usage_rollup_days.node_id
            AND q.bucket >= usage_rollup_days.bucket AND q.bucket < usage_rollup_days.bucket + interval '1 day')
    ORDER BY bucket DESC, node_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE d.node_id = due.node_id AND d.bucket = due.bucket
RETURNING d.node_id, d.bucket
