-- Locks hours that are to be computed, newest first: those that are over, and open ones not computed lately. A door that writes late
-- samples of one of them waits at the row until the caller commits, and then queues the hour again; so of the
-- %(limit)s that are looked at, only those are taken that are no more than %(most_work)s work together (an hour's
-- vitals count for ten series, and one hour is always taken).
WITH due AS MATERIALIZED (
    SELECT node_id, bucket
    FROM usage_rollup_queue
    WHERE bucket + interval '1 hour' <= %(finished_until)s
       OR rolled_at IS NULL
       OR rolled_at <= coalesce(%(now)s, clock_timestamp()) - %(pace)s::interval
    ORDER BY bucket DESC, node_id DESC
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), work AS (
    SELECT d.node_id, d.bucket,
           sum(10 + (SELECT count(*) FROM metric_series s WHERE s.node_id = d.node_id)) OVER earlier AS until_it,
           row_number() OVER earlier AS place
    FROM due d
    WINDOW earlier AS (ORDER BY d.bucket DESC, d.node_id DESC)
)
SELECT node_id, bucket, coalesce(bucket + interval '1 hour' <= %(finished_until)s, false) AS is_over
FROM work
WHERE until_it <= %(most_work)s OR place = 1
ORDER BY bucket DESC, node_id DESC
