-- Takes up to %(limit)s hours whose roll-up is out of date off the queue. A door that writes samples for one of them
-- waits at the row until the caller commits, and then queues the hour again.
DELETE FROM usage_rollup_queue q
USING (
    SELECT node_id, bucket FROM usage_rollup_queue ORDER BY touched_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE q.node_id = due.node_id AND q.bucket = due.bucket
RETURNING q.node_id, q.bucket
