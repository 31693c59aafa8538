-- Adds processes that are not there yet; says how many it added.
WITH added AS (
    INSERT INTO process_snapshots (
        node_id, "timestamp", pid, name, username, cpu_percent, memory_percent, rss_mb, status, command
    )
    SELECT l.node_id, to_timestamp(l.at), r.pid, r.name, coalesce(r.username, ''), r.cpu_percent,
           r.memory_percent, r.rss_mb, coalesce(r.status, ''), coalesce(r.command, '')
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS l (node_id uuid, at double precision, rows jsonb)
    CROSS JOIN jsonb_to_recordset(l.rows) AS r (
        pid integer, name text, username text, cpu_percent real, memory_percent real, rss_mb real, status text,
        command text
    )
    ORDER BY l.node_id, l.at, r.pid
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) AS stored FROM added
