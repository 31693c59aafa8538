-- Adds what was counted; nodes that went meanwhile are passed over.
INSERT INTO ingest_trust AS t (
    node_id, day, accepted, duplicate, rejected, rejected_codes, refused_codes, tolerated, protocols, batches, repeated,
    heartbeats, skew_min, skew_max, late_seconds_max, agent_version, spool_at, spool_waiting, spool_oldest_at,
    spool_dropped, spool_quarantined
)
SELECT r.node_id, r.day, coalesce(r.accepted, 0), coalesce(r.duplicate, 0), coalesce(r.rejected, 0), r.rejected_codes,
       r.refused_codes, r.tolerated, r.protocols, coalesce(r.batches, 0), coalesce(r.repeated, 0),
       coalesce(r.heartbeats, 0), r.skew_min, r.skew_max, r.late_seconds_max, r.agent_version, r.spool_at,
       r.spool_waiting, r.spool_oldest_at, r.spool_dropped, r.spool_quarantined
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
    node_id uuid, day date, accepted bigint, duplicate bigint, rejected bigint, rejected_codes jsonb,
    refused_codes jsonb, tolerated jsonb, protocols jsonb, batches bigint, repeated bigint, heartbeats bigint,
    skew_min real, skew_max real, late_seconds_max real, agent_version text, spool_at timestamptz,
    spool_waiting bigint, spool_oldest_at timestamptz, spool_dropped bigint, spool_quarantined bigint
)
JOIN nodes USING (node_id)
ORDER BY r.node_id, r.day
ON CONFLICT (node_id, day) DO UPDATE SET
    accepted = t.accepted + excluded.accepted,
    duplicate = t.duplicate + excluded.duplicate,
    rejected = t.rejected + excluded.rejected,
    rejected_codes = public.sum_of_counts(t.rejected_codes, excluded.rejected_codes),
    refused_codes = public.sum_of_counts(t.refused_codes, excluded.refused_codes),
    tolerated = public.sum_of_counts(t.tolerated, excluded.tolerated),
    protocols = public.sum_of_counts(t.protocols, excluded.protocols),
    batches = t.batches + excluded.batches,
    repeated = t.repeated + excluded.repeated,
    heartbeats = t.heartbeats + excluded.heartbeats,
    skew_min = least(t.skew_min, excluded.skew_min),
    skew_max = greatest(t.skew_max, excluded.skew_max),
    late_seconds_max = greatest(t.late_seconds_max, excluded.late_seconds_max),
    agent_version = coalesce(nullif(excluded.agent_version, ''), t.agent_version),
    spool_at = coalesce(excluded.spool_at, t.spool_at),
    spool_waiting = CASE WHEN excluded.spool_at IS NULL THEN t.spool_waiting ELSE excluded.spool_waiting END,
    spool_oldest_at = CASE WHEN excluded.spool_at IS NULL THEN t.spool_oldest_at ELSE excluded.spool_oldest_at END,
    spool_dropped = CASE WHEN excluded.spool_at IS NULL THEN t.spool_dropped ELSE excluded.spool_dropped END,
    spool_quarantined = CASE WHEN excluded.spool_at IS NULL THEN t.spool_quarantined ELSE excluded.spool_quarantined END
