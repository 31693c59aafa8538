-- Forgets the roll-ups of all series of the given nodes and hours, but for those older than all samples that are kept. The
-- bounds let the planner leave out partitions.
DELETE FROM metric_hourly r
USING unnest(%(node_ids)s::uuid[], %(buckets)s::timestamptz[]) AS h (node_id, bucket)
JOIN metric_series s ON s.node_id = h.node_id
WHERE r.series_id = s.series_id AND r.bucket = h.bucket AND r.bucket >= %(since)s AND r.bucket < %(until)s
    AND r.bucket >= (SELECT kept_since('public.metric_samples'))
