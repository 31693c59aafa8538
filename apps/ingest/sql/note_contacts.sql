-- Nodes were heard. A collector that is not our agent may send but once a minute, and says nothing of the machine;
-- its name stands for the agent's version only on a node that never had an agent.
WITH heard AS (
    SELECT n.node_id, c.at, c.is_beat, c.status, c.error, c.config_hash, c.agent_version, c.sender, c.clock_skew,
           c.collected_at,
           greatest(n.silence_grace_seconds, 3 * n.heartbeat_interval_seconds) AS patience
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS c (
        node_id uuid, at timestamptz, is_beat boolean, status text, error text, config_hash text, agent_version text,
        sender text, clock_skew double precision, collected_at timestamptz
    )
    JOIN nodes n USING (node_id)
    ORDER BY n.node_id
    FOR NO KEY UPDATE OF n
)
UPDATE nodes n
SET last_heartbeat = h.at,
    silent_after = CASE
        WHEN h.is_beat THEN h.at + make_interval(secs => h.patience)
        ELSE greatest(n.silent_after, h.at + make_interval(secs => greatest(h.patience, 180)))
    END,
    reported_status = CASE WHEN h.is_beat THEN h.status ELSE n.reported_status END,
    reported_error = CASE WHEN h.is_beat THEN h.error ELSE n.reported_error END,
    reported_config_hash = coalesce(h.config_hash, n.reported_config_hash),
    agent_version = coalesce(h.agent_version, CASE WHEN n.reported_status = '' THEN h.sender END, n.agent_version),
    clock_skew_seconds = coalesce(h.clock_skew, n.clock_skew_seconds),
    collected_at = coalesce(h.collected_at, n.collected_at)
FROM heard h
WHERE n.node_id = h.node_id
