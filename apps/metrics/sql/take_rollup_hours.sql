-- Locks up to %(limit)s hours that are to be computed: those that are over, and open ones not computed lately. A door
-- that writes late samples of one of them waits at the row until the caller commits, and then queues the hour again.
SELECT node_id, bucket, coalesce(bucket + interval '1 hour' <= %(finished_until)s, false) AS is_over
FROM usage_rollup_queue
WHERE bucket + interval '1 hour' <= %(finished_until)s
   OR rolled_at IS NULL
   OR rolled_at <= coalesce(%(now)s, clock_timestamp()) - %(pace)s::interval
ORDER BY bucket, node_id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
