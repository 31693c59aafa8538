-- Brings every node's status in line with what was heard of it, and logs each change in the same statement.
-- Silence counts only while an ingest process has been listening without a break for as long as the node may be
-- silent: after an outage of the portal or its database, everybody first gets the time to be heard again.
WITH listening AS (
    SELECT min(unbroken_since) AS since
    FROM ingest_pulses
    WHERE pulse_at > %(now)s - interval '5 seconds'
), judged AS (
    SELECT n.node_id, n.status, n.last_heartbeat, n.silent_after, n.reported_error,
        CASE
            WHEN n.silent_after >= %(now)s AND n.reported_status = 'error' THEN 'error'
            WHEN n.silent_after >= %(now)s THEN 'active'
            WHEN n.status IN ('active', 'error') AND l.since IS NOT NULL
                AND greatest(n.silent_after, l.since + (n.silent_after - n.last_heartbeat)) < %(now)s THEN 'offline'
            ELSE n.status
        END AS new_status
    FROM nodes n CROSS JOIN listening l
    WHERE n.status IN ('active', 'inactive', 'error', 'offline')
      AND (n.silent_after < %(now)s) IS DISTINCT FROM (n.status = 'offline')
       OR n.status IN ('active', 'error') AND n.silent_after >= %(now)s
          AND (n.reported_status = 'error') IS DISTINCT FROM (n.status = 'error')
), locked AS (
    SELECT j.* FROM judged j JOIN nodes n USING (node_id)
    -- A heartbeat that came between looking and locking has the last word.
    WHERE n.status = j.status AND j.new_status <> j.status AND n.silent_after IS NOT DISTINCT FROM j.silent_after
    FOR UPDATE OF n SKIP LOCKED
), changed AS (
    UPDATE nodes n SET status = k.new_status, updated_at = %(now)s
    FROM locked k WHERE n.node_id = k.node_id AND n.status = k.status
    RETURNING k.*
)
INSERT INTO node_lifecycle_logs (node_id, event_type, previous_status, new_status, reason, triggered_by, extra_data, timestamp)
SELECT node_id,
    CASE
        WHEN new_status = 'offline' THEN 'WENT_OFFLINE'
        WHEN new_status = 'error' THEN 'REPORTED_ERROR'
        WHEN status = 'error' THEN 'RECOVERED'
        ELSE 'CAME_ONLINE'
    END,
    status, new_status,
    CASE
        WHEN new_status = 'offline' THEN format('no heartbeat since %%s', to_char(last_heartbeat AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'))
        WHEN new_status = 'error' THEN reported_error
        ELSE ''
    END,
    CASE WHEN new_status = 'offline' THEN 'system' ELSE 'heartbeat' END,
    jsonb_build_object('last_heartbeat', last_heartbeat, 'silent_after', silent_after),
    %(now)s
FROM changed
RETURNING node_id, event_type, previous_status, new_status
