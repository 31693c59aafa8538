-- Nodes were heard. A collector that is not our agent may send but once a minute, and says nothing of the machine;
-- its name stands for the agent's version only on a node that never had an agent. A heartbeat that was long under way
-- takes nothing back that a later one said; a second is left for a collector heard at the same time.
WITH heard AS (
    SELECT n.node_id, c.at, c.is_beat, c.status, c.error, c.config_hash, c.agent_version, c.sender, c.clock_skew,
           c.collected_at,
           greatest(n.silence_grace_seconds, 3 * n.heartbeat_interval_seconds) AS patience,
           c.at >= coalesce(n.last_heartbeat, '-infinity') - interval '1 second' AS is_news
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS c (
        node_id uuid, at timestamptz, is_beat boolean, status text, error text, config_hash text, agent_version text,
        sender text, clock_skew double precision, collected_at timestamptz
    )
    JOIN nodes n USING (node_id)
    ORDER BY n.node_id
    FOR NO KEY UPDATE OF n
)
UPDATE nodes n
SET last_heartbeat = greatest(n.last_heartbeat, h.at),
    silent_after = greatest(
        n.silent_after,
        h.at + make_interval(secs => CASE WHEN h.is_beat THEN h.patience ELSE greatest(h.patience, 180) END)
    ),
    reported_status = CASE WHEN h.is_beat AND h.is_news THEN h.status ELSE n.reported_status END,
    reported_error = CASE WHEN h.is_beat AND h.is_news THEN h.error ELSE n.reported_error END,
    reported_config_hash = coalesce(CASE WHEN h.is_news THEN h.config_hash END, n.reported_config_hash),
    agent_version = coalesce(
        CASE WHEN h.is_news THEN h.agent_version END, CASE WHEN n.reported_status = '' THEN h.sender END,
        n.agent_version
    ),
    clock_skew_seconds = coalesce(CASE WHEN h.is_news THEN h.clock_skew END, n.clock_skew_seconds),
    collected_at = greatest(n.collected_at, h.collected_at)
FROM heard h
WHERE n.node_id = h.node_id
