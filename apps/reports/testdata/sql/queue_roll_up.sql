-- Hours of generated nodes whose roll-up is missing or counts fewer samples than there are. Where the server keeps its
-- roll-ups itself, it refreshes them within minutes because they are urgent.
INSERT INTO usage_rollup_queue (node_id, bucket, touched_at, is_urgent)
SELECT u.node_id, u.bucket, %(now)s, true
FROM (
    SELECT m.node_id, date_trunc('hour', m.timestamp, 'UTC') AS bucket, count(*) AS samples
    FROM usage_metrics m
    JOIN nodes n ON n.node_id = m.node_id AND n.labels @> '{"generated": "true"}'
    WHERE m.timestamp >= date_trunc('hour', %(since)s::timestamptz, 'UTC')
    GROUP BY 1, 2
) AS u
LEFT JOIN usage_hourly h ON h.node_id = u.node_id AND h.bucket = u.bucket
WHERE h.sample_count IS DISTINCT FROM u.samples
ON CONFLICT (node_id, bucket) DO NOTHING
